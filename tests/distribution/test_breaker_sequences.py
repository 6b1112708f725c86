"""The circuit breaker under any sequence of callers, endings, requests and pauses."""

from collections.abc import Callable
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from services.distribution.breaker import Breaker, Permit
from shared.contract.words import BreakerState
from tests.distribution.test_breaker import POLICY, START, take


class BreakerMachine(RuleBasedStateMachine):
    """Any number of callers, a clock that only goes on, and a request now and then.

    What is expected is kept apart: how many permits of the present state may still count, whether a probe is out, and
    how the calls of a closed breaker ended.
    """

    permits = Bundle("permits")

    def __init__(self) -> None:
        super().__init__()
        self.breaker, self.now = Breaker(POLICY), START
        self.counts: set[Permit] = set()
        self.calls: list[bool] = []
        self.probe: Permit | None = None

    @rule(seconds=st.floats(0, 40))
    def time_passes(self, seconds: float) -> None:
        """The clock goes on."""
        self.now += timedelta(seconds=seconds)

    def _forget_calls(self) -> None:
        if self.breaker.memory.state is not BreakerState.CLOSED:
            self.calls = []

    @rule()
    def hurry(self) -> None:
        """An operator asks for a retry."""
        self._watched(self.breaker.half_open)

    @rule(target=permits)
    def take(self) -> Permit | None:
        """A caller asks."""
        permit: list[Permit | None] = []
        self._watched(lambda: permit.append(take(self.breaker, self.now)))
        [taken] = permit
        if self.breaker.memory.state is BreakerState.HALF_OPEN:
            assert (taken is None) == (self.probe is not None), "never two probes, and never none without a probe out"
            self.probe = taken or self.probe
        if taken is not None:
            self.counts.add(taken)
        return taken

    @rule(permit=permits, ending=st.sampled_from(["succeed", "fail", "return"]))
    def end(self, permit: Permit | None, ending: str) -> None:
        """A caller is back, or comes back again."""
        if permit is None:
            return
        before, fresh = self.breaker.memory, permit in self.counts
        if fresh and ending != "return" and before.state is BreakerState.CLOSED:
            self.calls.append(ending == "fail")
        with permit:
            if ending == "succeed":
                self._watched(permit.succeed)
            elif ending == "fail":
                self._watched(lambda: permit.fail(self.now, "down"))
        assert (fresh and ending != "return") or self.breaker.memory == before, (
            "a stale result, or none, changes nothing"
        )
        if self.probe is permit:
            self.probe = None
        if before.state is BreakerState.CLOSED:
            is_open = self.breaker.memory.state is BreakerState.OPEN
            assert is_open == (sum(self.calls[-POLICY.window :]) >= POLICY.failures), (
                "by the last calls, and them alone"
            )
        self._forget_calls()

    def _watched(self, step: Callable[[], object]) -> None:
        """Do something; a change of state makes every earlier permit stale."""
        before = self.breaker.memory.state
        step()
        if self.breaker.memory.state is not before:
            self.counts, self.probe = set(), None

    @invariant()
    def open_is_bounded(self) -> None:
        """An open breaker knows when it will be half-open, no later than the longest pause from now."""
        memory = self.breaker.memory
        assert (memory.state is BreakerState.OPEN) == (memory.retry_at is not None)
        if memory.retry_at is not None:
            assert memory.retry_at <= self.now + timedelta(seconds=POLICY.longest_pause)

    def teardown(self) -> None:
        """Once the probe is back, the longest pause later there is a permit."""
        if self.probe is not None:
            self.breaker.release(self.probe)
        assert take(self.breaker, self.now + timedelta(seconds=POLICY.longest_pause)) is not None


TestG13AnySequence = BreakerMachine.TestCase
