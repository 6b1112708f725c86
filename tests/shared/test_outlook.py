"""What the modes do to a candidate of known strength: the specification's table, computed by the gate's own code."""

from typing import Any

import pytest

from shared.contract.policy import GatePolicy
from tests.benchmarks.gate_statistics import outlook, plainly_passes

# threshold, true rate, then P(pass) and mean games of plain, exact, anytime at 5 %, and evidence with its cap of 400
TABLE = [
    (0.85, 0.60, (0.000, 50), (0.000, 20.0), (0.000, 15.9), (0.000, 22)),
    (0.85, 0.80, (0.190, 50), (0.190, 37.9), (0.190, 36.9), (0.003, 310)),
    (0.85, 0.99, (1.000, 50), (1.000, 43.4), (1.000, 30.9), (1.000, 32)),
    (0.60, 0.50, (0.101, 50), (0.101, 41.3), (0.102, 38.7), (0.003, 189)),
    (0.50, 0.45, (0.284, 50), (0.284, 44.8), (0.284, 43.2), (0.009, 334)),
    (0.50, 0.60, (0.943, 50), (0.943, 41.3), (0.941, 38.8), (0.881, 186)),
]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row[0]}-{row[1]}")
def test_the_table_of_the_specification(row: tuple[Any, ...]) -> None:
    """Looked at after every game, each mode passes as often, and takes as many games, as it says."""
    threshold, rate, plain, exact, anytime, evidence = row
    policy = GatePolicy(games=50, random_win_rate=threshold)
    assert plainly_passes(policy, rate, 0, 50) == pytest.approx(plain[0], abs=6e-4)
    for mode, told in (("exact", exact), ("anytime", anytime), ("evidence", evidence)):
        found = outlook(policy.model_copy(update={"mode": mode}), rate, block=1)
        assert found.passes == pytest.approx(told[0], abs=6e-4)
        assert found.games == pytest.approx(told[1], abs=0.06 if mode != "evidence" else 0.6)


def test_whole_blocks_cost_half_a_game_and_change_no_exact_verdict() -> None:
    """Looked at after every two games, the exact rule passes as often."""
    policy = GatePolicy(games=50, random_win_rate=0.6)
    every, blocks = outlook(policy, 0.5, block=1), outlook(policy, 0.5, block=2)
    assert blocks.passes == pytest.approx(every.passes, abs=1e-12)
    assert 0 < blocks.games - every.games < 1


def test_evidence_passes_nobody_who_is_just_at_the_threshold_more_often_than_it_says() -> None:
    """Of candidates at exactly 85 %, 5 % at most pass, and 5 % at most fail."""
    found = outlook(GatePolicy(mode="evidence"), 0.85)
    assert 0 < found.passes <= 0.05
    assert 0 < found.fails <= 0.05
