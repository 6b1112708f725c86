"""The worker process: one task in on standard input, messages out on standard output, both as JSON lines.

`python -m services.gauntlet.worker`. Whoever starts it keeps its standard input open: when that closes, the worker
ends at once, so that no worker outlives its service. Exit code 0 after a `done`, `verified` or `failed` message; anything else,
with a traceback on standard error, means that the job may be tried again.
"""

from __future__ import annotations

import os
import threading
from typing import TextIO

_STDIN, _STDOUT, _STDERR = 0, 1, 2
_ORPHANED = 3


def main() -> None:
    """Play the job on standard input."""
    out = claim_stdout()
    line = read_line()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    # Imported only now: libraries that print while they load find standard output already out of their reach.
    import torch

    from services.gauntlet.worker import verification
    from services.gauntlet.worker.gauntlet import GameGauntlet
    from services.gauntlet.worker.job import TASK, Job

    torch.set_num_threads(1)
    task = TASK.validate_json(line)
    for message in GameGauntlet(task).run() if isinstance(task, Job) else [verification.run(task)]:
        print(message.model_dump_json(), file=out, flush=True)


def claim_stdout() -> TextIO:
    """Standard output for messages alone: whatever else prints there goes to standard error from now on."""
    out = os.fdopen(os.dup(_STDOUT), "w", encoding="utf-8")
    os.dup2(_STDERR, _STDOUT)
    return out


def read_line() -> bytes:
    """The first line of standard input, unbuffered, so that nothing of it is left in a buffer of this process."""
    line = b""
    while not line.endswith(b"\n"):
        chunk = os.read(_STDIN, 1 << 20)
        if not chunk:
            raise EOFError("standard input closed before a whole job line was read")
        line += chunk
    return line


def _end_with_parent() -> None:
    """Wait for the end of standard input, then end the process whatever it is doing."""
    while os.read(_STDIN, 1 << 16):
        pass
    os._exit(_ORPHANED)


if __name__ == "__main__":
    main()
