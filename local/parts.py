"""What a suite consists of beside its servers, as its keeper sees it: processes that answer over HTTP, and work done once."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from local import ports
from local.process import CannotStart, Process, StartFailed, http_fault

UNUSABLE_SETTINGS = 2
"""The exit code of a process whose settings cannot work."""
READY_SECONDS, ALIVE_SECONDS = 10.0, 5.0


@dataclass(frozen=True)
class Served:
    """A process that answers at `host`:`port`. `ready`: the path that says whether it can work."""

    process: Process
    host: str
    port: int
    ready: str

    @property
    def name(self) -> str:
        """The process's."""
        return self.process.name

    @property
    def pid(self) -> int | None:
        """None if it does not run."""
        return self.process.pid

    def launch(self) -> None:
        """Start it; Occupied while another program listens where it is to."""
        ports.require_free(self.port, self.name, self.host)
        self.process.start()

    def look(self) -> str | None:
        """None if it is ready, else what it says; NoAnswer if it says nothing."""
        return http_fault(f"http://{self.host}:{self.port}{self.ready}", READY_SECONDS)

    def answer(self) -> None:
        """NoAnswer if it does not answer."""
        http_fault(f"http://{self.host}:{self.port}/livez", ALIVE_SECONDS)

    def verdict(self) -> StartFailed:
        """Why it ended. The log is shared by all processes, so what others wrote is left out."""
        said = self._own_lines()
        if self.process.exit_code == UNUSABLE_SETTINGS:
            return CannotStart(f"{self.name} cannot start: " + "\n".join(said or ["its settings cannot work"]))
        last = f": {said[-1]}" if said and not self.process.was_killed else ""
        return StartFailed(f"{self.name} {self.process.how_it_ended()}{last}", passing=self.process.ended_in_passing())

    def kill(self) -> None:
        """End it at once."""
        self.process.kill()

    def stop(self) -> None:
        """End it in good order."""
        self.process.stop()

    def _own_lines(self) -> list[str]:
        """What no other process can have written: the lines that are no records of another service."""
        lines = [line for line in self.process.log_since_start().splitlines() if line.strip()]
        return [line for line in lines if not _is_record(line)][-20:]


def _is_record(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


@dataclass
class Once:
    """Work in a thread that is done once, and tried again if it fails. `permanent`: errors that no other try can mend."""

    name: str
    work: Callable[[], None]
    permanent: tuple[type[Exception], ...] = ()
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))
    _future: Future[None] | None = None

    @property
    def pid(self) -> int | None:
        """This process's own, unless the work failed or has not begun."""
        future = self._future
        failed = future is None or (future.done() and (future.cancelled() or future.exception() is not None))
        return None if failed else os.getpid()

    def launch(self) -> None:
        """Begin."""
        self._future = self._thread.submit(self.work)

    def look(self) -> str | None:
        """None once it is done."""
        return None if self._future is not None and self._future.done() else "it is at work"

    def answer(self) -> None:
        """Nothing to ask."""

    def verdict(self) -> StartFailed:
        """Why it failed."""
        error = None if self._future is None else self._future.exception()
        text = f"{self.name} failed: {error}"
        return CannotStart(text) if isinstance(error, self.permanent) else StartFailed(text, passing=True)

    def kill(self) -> None:
        """It ends by itself, when the server that it works with does."""

    def stop(self) -> None:
        """Begin nothing further."""
        self._thread.shutdown(wait=False, cancel_futures=True)
