"""A gate while its games come in: it ends with the first block that decides, whatever comes later."""

from typing import get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from play.counting import Result, tally_of
from play.running_gate import RunningGate, gate_after
from shared.contract.judging import judge
from shared.contract.policy import GatePolicy
from shared.contract.words import GateMode, GateVerdict
from tests.play.arena.test_counting import results

UNITS = st.lists(st.sampled_from([0, 0, 1, 2, 2, 2, None]), min_size=40, max_size=40)
POLICIES = st.builds(
    GatePolicy,
    mode=st.sampled_from(get_args(GateMode)),
    random_win_rate=st.sampled_from([0.0, 0.3, 0.5, 0.85]),
    games=st.just(40),
    cap=st.just(40),
    alpha=st.sampled_from([0.05, 0.4]),
)


def judged(policy: GatePolicy, rows: list[Result]) -> GateVerdict:
    """The verdict on a prefix of the schedule."""
    return judge(policy, "random", tally_of(rows, 2), 40, 2)


@settings(deadline=None)
@given(UNITS, POLICIES)
def test_games_stop_at_the_first_block_that_decides(units: list[int | None], policy: GatePolicy) -> None:
    """All planned games decide every gate, and of those no more are counted than are needed."""
    rows = results(units)
    gate = gate_after(policy, "random", 2, reversed(rows))
    assert gate.is_decided
    assert gate.verdict is judged(policy, rows[: gate.games])
    for end in range(0, gate.games, 2):
        assert judged(policy, rows[:end]) is GateVerdict.UNDECIDED


def test_a_later_look_changes_nothing() -> None:
    """What 28 wins have established stands, though the losses after them would have left it open."""
    policy = GatePolicy(mode="evidence", cap=40)
    rows = results([2] * 28 + [0] * 12)
    gate = gate_after(policy, "random", 2, rows)
    assert (gate.games, gate.verdict) == (28, GateVerdict.PASSED)
    assert not gate.add(rows[28:30])
    assert (gate.games, gate.verdict) == (28, GateVerdict.PASSED)
    assert judged(policy, rows) is not GateVerdict.PASSED


def test_a_gate_that_asks_for_nothing_needs_no_game() -> None:
    """It is decided before the first one."""
    assert RunningGate(GatePolicy(random_win_rate=0), "random", 2).verdict is GateVerdict.PASSED
