"""`python -m tests.servers`: the whole loop on Debian's Postgres, PgBouncer and nginx and a cluster of NATS servers, all with TLS.

One of them after the other is killed or restarted. Each step that held is a line; exit code 1 with the reason if one did not.
"""

from __future__ import annotations

import argparse
import logging
import signal
import tempfile
import time
from pathlib import Path

import pytest
import structlog

from cli.engine import warm_engine
from tests.servers.whole_loop import run


def main() -> None:
    """Run once, in a temporary folder or in the one that is given."""
    parser = argparse.ArgumentParser(prog="python -m tests.servers", description=__doc__)
    parser.add_argument("--keep", type=Path, help="a new folder for everything, logs too, which stays")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    warm_engine()
    if asked.keep is not None:
        asked.keep.mkdir(mode=0o711, parents=True)
        raise SystemExit(loop(asked.keep.resolve()))
    with tempfile.TemporaryDirectory(prefix="ringrift-loop-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        raise SystemExit(loop(Path(folder)))


def loop(folder: Path) -> int:
    """The exit code of one run."""
    started = time.monotonic()

    def say(step: str) -> None:
        print(f"{time.monotonic() - started:4.0f} s  held: {step}", flush=True)

    try:
        run(folder, say)
    except (Exception, pytest.skip.Exception, KeyboardInterrupt) as error:
        print(f"{time.monotonic() - started:4.0f} s  FAILED: {str(error) or type(error).__name__}", flush=True)
        return 1
    print(f"Everything held, in {time.monotonic() - started:.0f} s.")
    return 0


if __name__ == "__main__":
    main()
