"""The worker as its service sees it: a child process that is given one job and sends messages back.

Its standard input stays open as long as it is wanted; when this process dies, the pipe closes and the worker ends too.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections import deque
from collections.abc import AsyncIterator
from contextlib import suppress

from services.gauntlet.worker.executor import Worker, WorkerLostError
from services.gauntlet.worker.job import WORKER_MESSAGE, Task, WorkerMessage
from shared.process.settings import PREFIX

LONGEST_LINE = 256 * 1024 * 1024
KEPT_LINES = 30


class Processes:
    """The executor that starts a child process for each job."""

    async def start(self) -> Worker:
        """A worker that waits for its job."""
        return await WorkerProcess.start()


class WorkerProcess:
    """One child process. Use `messages`, and `stop` in the end whatever happens."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._complaints: deque[str] = deque(maxlen=KEPT_LINES)
        self._listening = asyncio.create_task(self._listen())

    @classmethod
    async def start(cls) -> WorkerProcess:
        """A worker that waits for its job. It sees none of the suite's variables: it needs neither ledger nor keys."""
        environment = {key: value for key, value in os.environ.items() if not key.startswith(PREFIX)}
        pipe = asyncio.subprocess.PIPE
        return cls(
            await asyncio.create_subprocess_exec(
                sys.executable, "-m", "services.gauntlet.worker",
                stdin=pipe, stdout=pipe, stderr=pipe, env=environment, limit=LONGEST_LINE,
            )
        )  # fmt: skip

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._process.pid

    async def messages(self, job: Task) -> AsyncIterator[WorkerMessage]:
        """Give it the job, and yield what it says. WorkerLostError when it ends without having finished."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(ConnectionError):
            self._process.stdin.write(job.model_dump_json().encode() + b"\n")
            await self._process.stdin.drain()
        while line := await self._process.stdout.readline():
            yield WORKER_MESSAGE.validate_json(line)
        code = await self._process.wait()
        await self._listening
        if code != 0:
            said = " | ".join(self._complaints)[-1500:]
            raise WorkerLostError(f"the worker ended with code {code}: {said or 'it said nothing'}")

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

    async def _listen(self) -> None:
        assert self._process.stderr is not None
        while line := await self._process.stderr.readline():
            self._complaints.append(line.decode("utf-8", "replace").rstrip())
