"""`python -m tests.namespaces`: the whole loop on machines that share nothing but a network, each a network namespace of its own.

Eight of them: Postgres, NATS and an S3 server on the first; gauntlet, promotion, distribution and a trainer on one each; three
nodes. No folder is shared: models go through the bucket. As root. Each step that held is a line; exit code 1 with the reason if one
did not.
"""

from __future__ import annotations

import argparse
import logging
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from cli.engine import warm_engine
from tests.benchmarks.netlab import Lab
from tests.kit.processes import ROOT
from tests.namespaces.loop import run
from tests.namespaces.machines import HOSTS, MBIT

INSIDE = "--inside"


def main() -> None:
    """Make the machines, and go on inside of the first."""
    parser = argparse.ArgumentParser(prog="python -m tests.namespaces", description=__doc__)
    parser.add_argument("--keep", type=Path, help="a new folder for everything, logs too, which stays")
    parser.add_argument(INSIDE, type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if asked.inside is not None:
        raise SystemExit(loop(asked.inside))
    warm_engine()
    if asked.keep is not None:
        asked.keep.mkdir(mode=0o711, parents=True)
        raise SystemExit(inside(asked.keep.resolve()))
    with tempfile.TemporaryDirectory(prefix="ringrift-machines-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        raise SystemExit(inside(Path(folder)))


def inside(folder: Path) -> int:
    """The exit code of a run on machines that are removed afterwards."""
    with Lab(len(HOSTS), MBIT) as lab:
        command = lab.command(0, sys.executable, "-m", "tests.namespaces", INSIDE, str(folder))
        return subprocess.run(command, cwd=ROOT, check=False).returncode


def loop(folder: Path) -> int:
    """The same, on the first machine."""
    started = time.monotonic()

    def say(step: str) -> None:
        print(f"{time.monotonic() - started:4.0f} s  held: {step}", flush=True)

    try:
        run(folder, say)
    except (Exception, KeyboardInterrupt) as error:
        print(f"{time.monotonic() - started:4.0f} s  FAILED: {str(error) or type(error).__name__}", flush=True)
        return 1
    print(f"Everything held, in {time.monotonic() - started:.0f} s.")
    return 0


if __name__ == "__main__":
    main()
