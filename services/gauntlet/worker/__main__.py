"""The worker process: tasks in on standard input, one after the other, messages out on standard output, both as JSON lines.

`python -m services.gauntlet.worker [DEVICE]`. Whoever starts it keeps its standard input open: when that closes, the worker
ends at once, so that no worker outlives its service. After the last message of a task it waits for the next one; if it ends without
one, with a traceback on standard error, the task may be tried again.
"""

from __future__ import annotations

import gc
import os
import sys
from typing import TextIO

_STDOUT, _STDERR = 1, 2


def main() -> None:
    """Carry out the tasks on standard input."""
    out = claim_stdout()
    from services.gauntlet.worker.inbox import TaskInbox

    inbox = TaskInbox()
    inbox.start()
    # Imported only now: libraries that print while they load find standard output already out of their reach.
    from play.models.confined.host import ModelHost
    from services.gauntlet.worker import telling, verification
    from services.gauntlet.worker.gauntlet import GameGauntlet
    from services.gauntlet.worker.job import Job, ReplayJob
    from services.gauntlet.worker.models import OpenModels

    models = OpenModels(ModelHost(device=next(iter(sys.argv[1:]), "cpu")))
    gc.freeze()  # what was imported stays, and need not be looked through again and again
    while True:
        task = inbox.next()
        if isinstance(task, Job):
            messages = GameGauntlet(task, models, inbox.is_stopped(task.work.claim_id)).run()
        elif isinstance(task, ReplayJob):
            messages = iter([telling.run(task)])
        else:
            messages = iter([verification.run(task, models.host)])
        for message in messages:
            print(message.model_dump_json(), file=out, flush=True)


def claim_stdout() -> TextIO:
    """Standard output for messages alone: whatever else prints there goes to standard error from now on."""
    out = os.fdopen(os.dup(_STDOUT), "w", encoding="utf-8")
    os.dup2(_STDERR, _STDOUT)
    return out


if __name__ == "__main__":
    main()
