"""Keeps the parts of a suite running: starts them in stages, and starts again what dies or does not answer, while starting too.

It gives up only on what no further try can mend. It knows nothing of what the parts are, and never waits for one of them: what may
take time is asked in threads, but parts are started in the caller's, which the kernel ties them to.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from local.process import CannotStart, NoAnswer, Occupied, StartFailed, failed_by
from shared.process.repeated import Line, RepeatedFailure

BACKOFF_SECONDS = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0)
SETTLED_SECONDS = 30.0
"""A part that was ready for so long begins anew with its pauses."""
HANG_SECONDS = 30.0
"""A part that was ready and has not answered for so long is killed and started again."""
FIRST_ANSWER_SECONDS = 120.0
OCCUPIED_SECONDS = 30.0
"""How long a predecessor may hold what is needed."""
MOST_ENDS = 5
"""Ends of its own in a row of a part that was never ready."""
LOOK_SECONDS, READY_LOOK_SECONDS = 0.1, 2.0
STEP_SECONDS = 0.05
PATIENCE_SECONDS = 10.0
"""A wait that is longer is said, with what is waited for."""
Say = Callable[[str], None]


class Part(Protocol):
    """Something that runs. `look` and `answer` may be asked in other threads."""

    @property
    def name(self) -> str: ...
    @property
    def pid(self) -> int | None:
        """None if it does not run."""

    def launch(self) -> None:
        """Begin to start; StartFailed if that cannot be done now."""

    def look(self) -> str | None:
        """None if it is ready, else what it waits for; NoAnswer if it says nothing."""

    def answer(self) -> None:
        """NoAnswer if it says nothing."""

    def verdict(self) -> StartFailed:
        """Why it ended."""

    def kill(self) -> None: ...
    def stop(self) -> None: ...


class Stage(NamedTuple):
    """Parts that are started together, and made only once those of the stages before were all ready; `text` says so."""

    text: str
    parts: Callable[[], Sequence[Part]]


class Stopped(Exception):
    """Somebody asked to stop before everything was ready."""


@dataclass
class Kept:
    """One part and what became of it. `clock`: seconds."""

    part: Part
    say: Say
    look_up: ThreadPoolExecutor
    clock: Callable[[], float] = time.monotonic
    was_ready: bool = False
    _ready_at: float | None = None
    _launched: float | None = None
    _answered: float | None = None
    _occupied: float | None = None
    _due: float = 0.0
    _tries: int = 0
    _ends: int = 0
    _stepped: float = 0.0
    _probe: Future[str | None] | None = None
    _next_probe: float = 0.0
    _trouble: RepeatedFailure = field(init=False)
    _waiting: RepeatedFailure = field(init=False)

    def __post_init__(self) -> None:
        self._trouble, self._waiting = RepeatedFailure(self.clock), RepeatedFailure(self.clock)

    def step(self) -> None:
        """Do what is due now. StartFailed if there is no sense in going on."""
        now = self.clock()
        if self.part.pid is None:
            self._start(now)
        else:
            self._watch(now)
        self._stepped = self.clock()

    def _start(self, now: float) -> None:
        if self._launched is not None:
            self._launched = self._answered = self._ready_at = self._probe = None
            self._fail(self.part.verdict(), now)
        if now < self._due:
            return
        try:
            self.part.launch()
        except StartFailed as failure:
            return self._fail(failure, now)
        except OSError as error:
            return self._fail(failed_by(error, f"{self.part.name} cannot be started"), now)
        self._launched, self._occupied, self._next_probe = self.clock(), None, 0.0

    def _fail(self, failure: StartFailed, now: float) -> None:
        """Try again after a pause, and say why; raise what will not pass."""
        self._ends = 0 if failure.passing else self._ends + 1
        if isinstance(failure, CannotStart) or (not self.was_ready and self._ends >= MOST_ENDS):
            raise failure
        if isinstance(failure, Occupied):
            self._occupied = now if self._occupied is None else self._occupied
            if now - self._occupied > OCCUPIED_SECONDS:
                raise CannotStart(str(failure))
        self._due = now + BACKOFF_SECONDS[min(self._tries, len(BACKOFF_SECONDS) - 1)]
        self._tries += 1
        line = self._trouble.failed(first_line(failure))
        if line is not None:
            self.say(f"{line.figures['error']}; it is started again{_count(line)}")

    def _watch(self, now: float) -> None:
        if self._probe is not None and self._probe.done():
            probe, self._probe = self._probe, None
            self._take(probe, now)
            self._next_probe = now + (LOOK_SECONDS if self._ready_at is None else READY_LOOK_SECONDS)
        if self._probe is None and now >= self._next_probe:
            self._probe = self.look_up.submit(self.part.look if self._ready_at is None else self._answer)
        self._end_silence(now)

    def _end_silence(self, now: float) -> None:
        """Kill a part that has said nothing for too long."""
        assert self._launched is not None
        if now - self._stepped > READY_LOOK_SECONDS:
            # it was this process that did nothing: it was stopped, or busy
            self._launched = now
            self._answered = None if self._answered is None else now
        silent = now - (self._answered or self._launched)
        if silent > (FIRST_ANSWER_SECONDS if self._answered is None else HANG_SECONDS):
            self.say(f"{self.part.name} has not answered for {silent:.0f} s and is killed")
            self.part.kill()

    def _answer(self) -> None:
        self.part.answer()

    def _take(self, probe: Future[str | None], now: float) -> None:
        try:
            missing = probe.result()
        except NoAnswer as error:
            return self._wait(str(error), now)
        self._answered = now
        if missing is not None:
            self._wait(missing, now)
        elif self._ready_at is None:
            self._ready(now)
        elif now - self._ready_at > SETTLED_SECONDS:
            self._tries = 0

    def _wait(self, missing: str, now: float) -> None:
        """Say what a part that is not ready waits for, if it takes long."""
        if self._ready_at is not None or self._launched is None or now - self._launched < PATIENCE_SECONDS:
            return
        line = self._waiting.failed(missing.partition("\n")[0][:300])
        if line is not None:
            self.say(f"waiting for {self.part.name}: {line.figures['error']}{_count(line)}")

    def _ready(self, now: float) -> None:
        self.was_ready, self._ready_at, self._ends = True, now, 0
        self._waiting.worked()
        line = self._trouble.worked()
        if line is not None:
            self.say(f"{self.part.name} runs again after {line.figures['seconds']:g} s")


class Keeper:
    """Keeps the parts of all stages running. `say` is told of troubles, `tell` of progress; both take one line."""

    def __init__(self, stages: Sequence[Stage], tell: Say, say: Say) -> None:
        self._tell, self._say = tell, say
        self._threads = ThreadPoolExecutor(16, thread_name_prefix="keeper")
        self._to_come = list(stages)
        self._keep: list[Kept] = []

    @property
    def ready(self) -> bool:
        """Whether every part was ready."""
        return not self._to_come and self._all_were_ready

    @property
    def _all_were_ready(self) -> bool:
        return all(kept.was_ready for kept in self._keep)

    def start(self, stopped: Callable[[float], bool]) -> None:
        """Go on until every part was ready. StartFailed if one never can be; Stopped if `stopped`, which waits, says so."""
        while not self.ready:
            self.step()
            if stopped(STEP_SECONDS):
                raise Stopped

    def step(self) -> None:
        """Look after every part of the stages that have begun; to be called again and again."""
        if self._to_come and self._all_were_ready:
            stage = self._to_come.pop(0)
            self._tell(stage.text)
            self._keep += [Kept(part, self._say, self._threads) for part in stage.parts()]
        for kept in self._keep:
            kept.step()

    def stop(self) -> None:
        """Stop every part in good order, the last first."""
        with contextlib.ExitStack() as stack:
            stack.callback(self._threads.shutdown, wait=False, cancel_futures=True)
            for kept in self._keep:
                stack.callback(kept.part.stop)


def first_line(error: Exception) -> str:
    """What an error says, without the log that follows."""
    return str(error).partition("\n")[0]


def _count(line: Line) -> str:
    return f" ({line.figures['times']} times in {line.figures['seconds']:.0f} s)" if "times" in line.figures else ""
