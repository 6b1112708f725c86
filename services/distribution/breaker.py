"""The circuit breaker of one node: pure state, with the time given as an argument.

Closed lets everyone pass, and opens when so many of the last calls failed; open lets nobody pass until `retry_at`; half-open
exactly one probe. The pause doubles with each trip up to a cap, with a part left to chance so that nodes that failed together
are not probed together; half-open is always reached in bounded time, even if the clock is set back meanwhile. Only what the
caller reports with `fail` counts: a permit that ends without a verdict (cancelled, or a fault that is not the node's) is returned
and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import TracebackType

from shared.contract.words import BreakerState

FAILURE, SUCCESS = "F", "."
"""How a call ended, in the memory of a breaker."""
SPREAD = 0.2
"""By which part a pause may be shorter or longer."""


@dataclass(frozen=True)
class BreakerPolicy:
    """How many `failures` among the last `window` calls open the breaker, and how long it stays open, in seconds. `chance`: a
    number from 0 to 1, another one each time, that makes a pause shorter or longer by up to a fifth."""

    first_pause: float
    longest_pause: float
    failures: int = 3
    window: int = 10
    chance: Callable[[], float] = lambda: 0.5

    def pause(self, trips: int) -> timedelta:
        """The pause after the given number of trips in a row, 1 or more."""
        seconds = self.first_pause * 2.0 ** min(trips - 1, 30) * (1 + SPREAD * (2 * self.chance() - 1))
        return timedelta(seconds=min(seconds, self.longest_pause))

    def recent(self, calls: str) -> str:
        """The calls that still count, from the first failure on."""
        return calls[-self.window :].lstrip(SUCCESS)

    def is_over(self, retry_at: datetime, now: datetime) -> bool:
        """Whether a pause that was to end at `retry_at` has; what lies further ahead than any pause is of another clock."""
        return not now < retry_at <= now + timedelta(seconds=self.longest_pause)


@dataclass(frozen=True)
class BreakerMemory:
    """What is persisted and shown of a breaker. `recent`: how the last calls of a closed one ended, from the first failure on."""

    state: BreakerState = BreakerState.CLOSED
    failures: int = 0
    trips: int = 0
    opened_at: datetime | None = None
    retry_at: datetime | None = None
    last_error: str | None = None
    recent: str = ""


class BreakerOpenError(Exception):
    """No permit now; the text says until when and why."""


class Breaker:
    """One node's breaker. Not shared between threads; between awaits nothing else runs."""

    def __init__(self, policy: BreakerPolicy, memory: BreakerMemory | None = None) -> None:
        self._policy = policy
        self.memory = memory or BreakerMemory()
        self._epoch = 0
        self._probe: Permit | None = None

    def permit(self, now: datetime) -> Permit:
        """A permit to use in a `with` block; BreakerOpenError when there is none."""
        memory = self.memory
        if memory.state is BreakerState.OPEN:
            if memory.retry_at is not None and not self._policy.is_over(memory.retry_at, now):
                raise BreakerOpenError(f"the breaker is open until {memory.retry_at.isoformat()}: {memory.last_error}")
            self.half_open()
        if self.memory.state is BreakerState.CLOSED:
            return Permit(self, self._epoch)
        if self._probe is not None:
            raise BreakerOpenError("the breaker is half-open and its one probe is on its way")
        self._probe = Permit(self, self._epoch)
        return self._probe

    def half_open(self) -> None:
        """Let the next caller probe, whatever the pause; a closed breaker stays closed."""
        if self.memory.state is BreakerState.OPEN:
            self._become(replace(self.memory, state=BreakerState.HALF_OPEN, retry_at=None))

    def succeeded(self, epoch: int) -> None:
        """Count a success, unless it is from before the last change of state."""
        if epoch != self._epoch:
            return
        recent = self._policy.recent(self.memory.recent + SUCCESS) if self.memory.recent else ""
        if self.memory.state is BreakerState.CLOSED and recent:
            self._become(replace(self.memory, recent=recent, failures=recent.count(FAILURE)))
        else:
            self._become(BreakerMemory())

    def failed(self, epoch: int, now: datetime, error: str) -> None:
        """Count a failure, unless it is from before the last change of state."""
        if epoch != self._epoch:
            return
        if self.memory.state is BreakerState.HALF_OPEN:
            return self._trip(now, self.memory.failures + 1, error)
        recent = self._policy.recent(self.memory.recent + FAILURE)
        failures = recent.count(FAILURE)
        if failures >= self._policy.failures:
            self._trip(now, failures, error)
        else:
            self._become(replace(self.memory, failures=failures, last_error=error, recent=recent))

    def release(self, permit: Permit) -> None:
        """Return a probe's slot."""
        if self._probe is permit:
            self._probe = None

    def _trip(self, now: datetime, failures: int, error: str) -> None:
        trips = self.memory.trips + 1
        retry_at = now + self._policy.pause(trips)
        self._become(BreakerMemory(BreakerState.OPEN, failures, trips, now, retry_at, error))

    def _become(self, memory: BreakerMemory) -> None:
        if memory.state is not self.memory.state:
            self._epoch += 1
            self._probe = None
        self.memory = memory


class Permit:
    """One caller's pass; used in a `with` block, so that it is returned on every path."""

    def __init__(self, breaker: Breaker, epoch: int) -> None:
        self._breaker, self._epoch = breaker, epoch

    def succeed(self) -> None:
        """The node answered as it should."""
        self._breaker.succeeded(self._epoch)

    def fail(self, now: datetime, error: str) -> None:
        """The node did not answer, or said that it is broken."""
        self._breaker.failed(self._epoch, now, error)

    def __enter__(self) -> Permit:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._breaker.release(self)
