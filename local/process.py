"""One supervised child process: started, waited for, stopped, restarted.

Knows nothing of what it runs. A child never outlives its supervisor: should the supervisor be killed, the kernel
kills the child (on Linux). Start children from a thread that lives as long as the supervisor, because the kernel ties
the child to that thread.
"""

import contextlib
import errno
import http.client
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

CHILD = Path(__file__).with_name("child.py")
POLL_SECONDS = 0.02
TAIL_LINES = 20


PASSING = (
    "no space left",
    "shared memory block",
    'lock file "postmaster.pid"',
    "address already in use",
    "cannot allocate memory",
    "resource temporarily unavailable",
    "too many open files",
    "disk quota exceeded",
)
"""Words of servers, in small letters, for what mends itself, or is mended by making room."""
PASSING_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.ENOMEM, errno.EAGAIN, errno.EMFILE, errno.ENFILE, errno.EINTR}


TELLING = (*PASSING, "fatal", "panic", "[ftl]", "error")


class StartFailed(Exception):
    """A server or process could not be started; the message says why, with the end of its log if there is one.

    `passing`: the same start may go well a moment later, with nothing changed by anybody.
    """

    def __init__(self, message: str, *, passing: bool = False) -> None:
        super().__init__(message)
        self.passing = passing


class CannotStart(StartFailed):
    """No further try can go well until somebody changes something; the message says what."""


class Occupied(StartFailed):
    """Another program holds what is needed. It may be a predecessor that is about to end."""

    def __init__(self, message: str) -> None:
        super().__init__(message, passing=True)


def failed_by(error: OSError, what: str) -> StartFailed:
    """An error of the operating system in words: passing, or one that somebody has to mend."""
    text = f"{what}: {error.strerror or error}" + (f" ({error.filename})" if error.filename else "")
    return StartFailed(text, passing=True) if error.errno in PASSING_ERRORS else CannotStart(text)


class Process:
    """A child process in a session of its own, with its output appended to a log file.

    `death_signal` is what the kernel sends if the supervisor dies; `stop_signal` is what `stop` sends, with SIGKILL
    after `grace` seconds. Whatever the child started and left behind in its process group is killed with it.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        identity: str = "self",
        stop_signal: signal.Signals = signal.SIGTERM,
        death_signal: signal.Signals = signal.SIGKILL,
        grace: float = 10.0,
    ) -> None:
        self.name = name
        self.command = [str(part) for part in command]
        self.log = log
        self._env = env
        self._cwd = cwd
        self._identity = identity
        self._stop_signal = stop_signal
        self._death_signal = death_signal
        self._grace = grace
        self._child: subprocess.Popen[bytes] | None = None
        self._log_start = 0

    @property
    def pid(self) -> int | None:
        """The child's process id, or None if it does not run."""
        return self._child.pid if self._child is not None and self.running else None

    @property
    def running(self) -> bool:
        """Whether the child runs now."""
        return self._child is not None and self._exit_code() is None

    def start(self) -> None:
        """Start the child; raises RuntimeError if it already runs."""
        if self.running:
            raise RuntimeError(f"{self.name} already runs")
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as output:
            self._log_start = output.tell()
            self._child = subprocess.Popen(
                guarded(self.command, self._identity, self._death_signal),
                env=None if self._env is None else dict(self._env),
                cwd=self._cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_until(self, ready: Callable[[], str | None], timeout: float = 60.0) -> None:
        """Wait until `ready` answers None; until then it answers what is missing.

        Raises StartFailed, and stops the child, if the child ends first or the time is up.
        """
        deadline = time.monotonic() + timeout
        while (missing := ready()) is not None:
            code = self._exit_code()
            if code is not None:
                passing = self.ended_in_passing()
                raise StartFailed(
                    f"{self.name} {self.how_it_ended()} before it was ready\n{self.log_tail()}", passing=passing
                )
            if time.monotonic() > deadline:
                self.stop()
                raise StartFailed(f"{self.name} was not ready in {timeout:g} s: {missing}\n{self.log_tail()}")
            time.sleep(POLL_SECONDS)

    def wait_for_http(self, url: str, timeout: float = 180.0) -> None:
        """Wait until a GET of `url` answers with a 2xx status; fails as `wait_until` does."""
        self.wait_until(lambda: http_problem(url), timeout)

    def stop(self) -> None:
        """Ask the child to end, and kill it after the grace; does nothing if it does not run."""
        if self._child is None or not self.running:
            return
        self._child.send_signal(self._stop_signal)
        try:
            self._child.wait(self._grace)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._kill_group()

    def kill(self) -> None:
        """End the child at once with SIGKILL; does nothing if it does not run."""
        if self._child is not None and self.running:
            self._child.kill()
            self._child.wait()
            self._kill_group()

    def restart(self) -> None:
        """Stop the child if it runs, and start it again."""
        self.stop()
        self.start()

    def how_it_ended(self) -> str:
        """In words, of a child that has ended: its exit code, or the signal that killed it."""
        code = self._exit_code()
        if code is None or code >= 0:
            return f"ended with exit code {code}"
        with contextlib.suppress(ValueError):
            return f"was killed ({signal.Signals(-code).name})"
        return f"was killed (signal {-code})"

    def ended_in_passing(self) -> bool:
        """Whether what ended the child may be over: a signal from outside, or something that it lacked for the moment."""
        said = self.log_since_start().lower()
        return (self._exit_code() or 0) < 0 or any(words in said for words in PASSING)

    def verdict(self) -> StartFailed:
        """Why a child that has ended did so: in one line, then the end of its log."""
        passing = self.ended_in_passing()
        said = "" if self.was_killed else f": {self.last_line()}"
        return StartFailed(f"{self.name} {self.how_it_ended()}{said}\n{self.log_tail()}", passing=passing)

    def last_line(self) -> str:
        """What the child wrote since its start, in the one line that tells most."""
        return telling_line(self.log_since_start())

    @property
    def was_killed(self) -> bool:
        """Whether a signal ended it."""
        return (self.exit_code or 0) < 0

    @property
    def exit_code(self) -> int | None:
        """The exit code of a child that has ended; negative for a signal."""
        return None if self._child is None else self._exit_code()

    def log_since_start(self) -> str:
        """What the child has written since it was last started."""
        with contextlib.suppress(FileNotFoundError), self.log.open("rb") as file:
            file.seek(self._log_start)
            return file.read().decode(errors="replace")
        return ""

    def log_tail(self) -> str:
        """The last lines the child wrote since its start, with a heading that names the log file."""
        lines = self.log_since_start().splitlines()[-TAIL_LINES:]
        return "\n".join([f"Last lines of {self.log}:", *(f"  {line}" for line in lines or ["(nothing)"])])

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def _exit_code(self) -> int | None:
        """The child's exit code once it has ended; its process group is swept when that is first seen."""
        assert self._child is not None
        if self._child.returncode is None and self._child.poll() is not None:
            self._kill_group()
        return self._child.returncode

    def _kill_group(self) -> None:
        # Only straight after the child was reaped: later its number may belong to a stranger.
        assert self._child is not None
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._child.pid, signal.SIGKILL)


def telling_line(said: str) -> str:
    """The line of a program's output that says best what is wrong: the first with the most telling word, else the last."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    telling = [line for words in TELLING for line in lines if words in line.lower()]
    found = next(iter(telling), lines[-1] if lines else "(nothing)")
    return found[:300]


def guarded(command: Sequence[str], identity: str, death_signal: signal.Signals) -> list[str]:
    """The command line that runs `command` as `identity` and ends it with `death_signal` when this process dies."""
    return [sys.executable, "-I", "-S", str(CHILD), str(os.getpid()), str(int(death_signal)), identity, *command]


class NoAnswer(Exception):
    """Nothing came from where something should listen; the message says where and why."""


def http_problem(url: str) -> str | None:
    """None if a GET of `url` answers with a 2xx status; otherwise what it answered instead."""
    try:
        return http_fault(url)
    except NoAnswer as error:
        return str(error)


def http_fault(url: str, timeout: float = 5.0) -> str | None:
    """None if a GET of `url` answers with a 2xx status, else what it answered; NoAnswer if it does not within `timeout` seconds."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=timeout):
            return None
    except urllib.error.HTTPError as error:
        with error:
            return f"{url} answered {error.code}: {error.read(2000).decode(errors='replace')}"
    except (OSError, http.client.HTTPException) as error:
        raise NoAnswer(f"{url} did not answer: {error}") from None
