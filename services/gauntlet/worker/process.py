"""The worker as those who hand out work see it: a child process that is given tasks and sends messages back.

Its standard input stays open as long as it is wanted; when this process dies, the pipe closes and the worker ends too.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from signal import SIGKILL
from uuid import UUID

from services.gauntlet.worker.executor import Worker, WorkerLostError
from services.gauntlet.worker.job import LAST, WORKER_MESSAGE, Stop, Task, WorkerMessage
from shared.process.settings import PREFIX

LONGEST_LINE = 256 * 1024 * 1024
KEPT_BYTES, TOLD_LINES = 8192, 30


class Processes:
    """The executor that starts child processes. `device`: where their networks are computed."""

    def __init__(self, device: str = "cpu") -> None:
        self._device = device

    async def start(self) -> Worker:
        """A worker that waits for its first task."""
        return await WorkerProcess.start(self._device)


class WorkerProcess:
    """One child process. Use `messages`, and `stop` in the end whatever happens."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._complaints = b""
        self._listening = asyncio.create_task(self._listen())

    @classmethod
    async def start(cls, device: str) -> WorkerProcess:
        """A worker that waits for its first task. It sees none of the suite's variables, nor a bucket's: it needs no keys."""
        environment = {key: value for key, value in os.environ.items() if not key.startswith((PREFIX, "AWS_"))}
        pipe = asyncio.subprocess.PIPE
        return cls(
            await asyncio.create_subprocess_exec(
                sys.executable, "-m", "services.gauntlet.worker", device,
                stdin=pipe, stdout=pipe, stderr=pipe, env=environment, limit=LONGEST_LINE,
            )
        )  # fmt: skip

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        """Whether the child has ended."""
        return self._process.returncode is not None

    async def messages(self, task: Task) -> AsyncIterator[WorkerMessage]:
        """Give it a task, and yield what it says, up to the last message of that task. WorkerLostError when it ends before."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(ConnectionError):
            self._say(task)
            await self._process.stdin.drain()
        while line := await self._process.stdout.readline():
            message = WORKER_MESSAGE.validate_json(line)
            yield message
            if isinstance(message, LAST):
                return
        code = await self._process.wait()
        await self._listening
        words = self._complaints.decode("utf-8", "replace")
        said = " | ".join(words.splitlines()[-TOLD_LINES:])[-1500:]
        ended = "was killed, as the kernel does when memory runs out" if code == -SIGKILL else f"ended with code {code}"
        raise WorkerLostError(f"the worker {ended}: {said or 'it said nothing'}", words)

    def interrupt(self, claim_id: UUID) -> None:
        """Have it end the job of this claim as soon as it can; `messages` ends as usual."""
        with suppress(ConnectionError):
            self._say(Stop(claim_id=claim_id))

    def kill(self) -> None:
        """End the child now; `messages` ends with WorkerLostError."""
        with suppress(ProcessLookupError):
            self._process.kill()

    async def stop(self) -> None:
        """End the child, if it still runs."""
        self.kill()
        await self._process.wait()
        await self._listening
        assert self._process.stdin is not None
        self._process.stdin.close()

    def _say(self, line: Task | Stop) -> None:
        assert self._process.stdin is not None
        if self._process.stdin.is_closing():
            raise BrokenPipeError("the worker has ended")
        self._process.stdin.write(line.model_dump_json().encode() + b"\n")

    async def _listen(self) -> None:
        assert self._process.stderr is not None
        while chunk := await self._process.stderr.read(KEPT_BYTES):
            self._complaints = (self._complaints + chunk)[-KEPT_BYTES:]
