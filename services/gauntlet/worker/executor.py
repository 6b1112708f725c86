"""The seam between those who hand out work and whoever plays: a worker is started, given tasks, and says what comes of each."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol
from uuid import UUID

from services.gauntlet.worker.job import Task, WorkerMessage


class WorkerLostError(Exception):
    """The worker ended in the middle of a task; the text has the end of what it wrote to standard error, `words` more of it."""

    def __init__(self, text: str, words: str = "") -> None:
        super().__init__(text)
        self.words = words


class Worker(Protocol):
    """One worker."""

    @property
    def pid(self) -> int: ...
    @property
    def has_ended(self) -> bool:
        """Whether it has ended, of itself or because it was killed."""

    def messages(self, task: Task) -> AsyncIterator[WorkerMessage]:
        """Give it a task, and yield what it says, up to the last message of that task. WorkerLostError when it ends before."""

    def interrupt(self, claim_id: UUID) -> None:
        """Have it end the job of this claim as soon as it can; `messages` ends as usual."""

    def kill(self) -> None:
        """End it now; `messages` ends with WorkerLostError."""

    async def stop(self) -> None:
        """End it, if it still runs."""


class Executor(Protocol):
    """Where workers come from."""

    async def start(self) -> Worker: ...
