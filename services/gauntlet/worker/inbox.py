"""What a worker process is told: a thread reads standard input, so that a stop is heard while games are played.

The end of standard input is the end of the process, whatever it is doing.
"""

from __future__ import annotations

import os
import threading
import traceback
from collections.abc import Callable
from queue import SimpleQueue
from uuid import UUID

from services.gauntlet.worker.job import LINE, Stop, Task

ORPHANED, CONFUSED = 3, 1
"""Exit codes: standard input closed; it has a line that is no task."""
_STDIN = 0
_MOST_STOPPED = 1000


class TaskInbox:
    """Tasks in the order in which they came, and which claims are stopped."""

    def __init__(self) -> None:
        self._tasks: SimpleQueue[Task] = SimpleQueue()
        self._stopped: dict[UUID, None] = {}

    def start(self) -> None:
        """Begin to listen."""
        threading.Thread(target=self._listen, daemon=True).start()

    def next(self) -> Task:
        """The next task, once there is one."""
        return self._tasks.get()

    def is_stopped(self, claim_id: UUID) -> Callable[[], bool]:
        """Whether a claim's games are not wanted any more, whenever it is asked."""
        return lambda: claim_id in self._stopped

    def _listen(self) -> None:
        try:
            with os.fdopen(_STDIN, "rb") as lines:
                for line in lines:
                    self._take(line)
        except BaseException:
            traceback.print_exc()
            os._exit(CONFUSED)
        os._exit(ORPHANED)

    def _take(self, line: bytes) -> None:
        message = LINE.validate_json(line)
        if not isinstance(message, Stop):
            return self._tasks.put(message)
        self._stopped[message.claim_id] = None
        while len(self._stopped) > _MOST_STOPPED:
            self._stopped.pop(next(iter(self._stopped)))
