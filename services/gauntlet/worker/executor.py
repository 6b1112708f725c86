"""The seam between the runner and whoever plays: a worker is started, given one job, and says what comes of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from services.gauntlet.worker.job import Task, WorkerMessage


class WorkerLostError(Exception):
    """The worker ended without a last message; the text has the end of what it wrote to standard error."""


class Worker(Protocol):
    """One worker."""

    @property
    def pid(self) -> int: ...
    def messages(self, job: Task) -> AsyncIterator[WorkerMessage]:
        """Give it the job, and yield what it says. WorkerLostError when it ends without having finished."""

    def kill(self) -> None:
        """End it now; `messages` ends with WorkerLostError."""

    async def stop(self) -> None:
        """End it, if it still runs."""


class Executor(Protocol):
    """Where workers come from."""

    async def start(self) -> Worker: ...
