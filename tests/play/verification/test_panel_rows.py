"""Games against the panel are verified like any, and a version that was silenced may end before anything is established."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from play.counting import Result, count
from play.record import PlayedGame, encode_rows
from play.schedule import plan_games
from play.summing_up import cost_of, elo_of
from play.verification.rows import faults_of
from shared.contract.evidence import CanonicalReference, Evidence, PanelEvidence
from shared.contract.policy import GatePolicy, PlayPolicy
from shared.contract.words import OpponentName

SEED, GATES = (
    42,
    GatePolicy(games=20, random_win_rate=0.1, heuristic_win_rate=0.1, previous_win_rate=0.1, panel="muted"),
)
PREVIOUS, OLD = (CanonicalReference(version=version, digest=f"{version:064x}") for version in (9, 5))
ENOUGH = 10


def won(opponent: OpponentName, games: int) -> list[PlayedGame]:
    """The first games of a schedule, all of them won, each by moves of its own."""
    return [
        PlayedGame(
            opponent=plan.opponent, index=plan.index, seed=plan.seed, opening_seed=plan.opening_seed, seat=plan.seat,
            outcome="win", units=2, decisions=1, network_evaluations=1,
            moves=encode_rows([np.array([plan.index, 0, 0, 0], np.int16)]),
        )
        for plan in plan_games(SEED, opponent, games, 2)[:games]
    ]  # fmt: skip


def evidence_of(played: Sequence[PlayedGame], silenced: str | None = None) -> Evidence:
    """The evidence that was counted from these games."""
    results = [Result.of(each) for each in played]
    gates: tuple[OpponentName, ...] = ("random", "heuristic", "previous")
    opponents = [count(name, GATES, 2, results) for name in gates]
    games = count("previous_5", GATES, 2, results)
    member = PanelEvidence(opponent="previous_5", canonical=OLD, silenced=silenced, games=games)
    return Evidence(
        seed=SEED, policy_id=GATES.id, gates=GATES, play=PlayPolicy(), previous=PREVIOUS, opponents=opponents, panel=[member],
        duration_seconds=1, cpu_seconds=1, elo=elo_of(opponents, 2), cost=cost_of([*opponents, games]),
    )  # fmt: skip


def games_with(panel: int) -> list[PlayedGame]:
    """Every gate passed by its first block, and so many games against version 5."""
    return [*won("random", 2), *won("heuristic", 2), *won("previous", 2), *won("previous_5", panel)]


def test_a_whole_panel_holds() -> None:
    """It ends when something is established, and its games are on its receipt."""
    played = games_with(ENOUGH)
    assert faults_of(evidence_of(played), 2, played) == []


def test_games_that_end_too_early_are_told_unless_the_version_was_silenced() -> None:
    """Why it was silenced is in the evidence, for whoever doubts it."""
    played = games_with(4)
    assert faults_of(evidence_of(played), 2, played) == ["previous_5: the games end before the gate is decided"]
    assert faults_of(evidence_of(played, "it is gone"), 2, played) == []


@pytest.mark.parametrize("silenced", [None, "it is gone"])
def test_games_that_go_on_too_long_or_are_not_there_are_told(silenced: str | None) -> None:
    """A silenced version is no excuse for either."""
    played = games_with(ENOUGH + 4)
    assert faults_of(evidence_of(played, silenced), 2, played) == [
        "previous_5: games were counted after the gate was decided"
    ]
    fewer = faults_of(evidence_of(games_with(ENOUGH), silenced), 2, games_with(ENOUGH - 2))
    assert "previous_5: games is 10 in the evidence, 8 in the rows" in fewer


def test_a_panel_that_nobody_lists_and_one_that_was_met_too_soon_are_told() -> None:
    """Only who passed every gate meets it."""
    played = games_with(ENOUGH)
    unlisted = evidence_of(played).model_copy(update={"panel": []})
    assert "there are games against previous_5, who is not in the evidence" in faults_of(unlisted, 2, played)
    lost = [each.model_copy(update={"outcome": "loss", "units": 0}) for each in won("random", 20)]
    early = [*lost, *won("previous_5", ENOUGH)]
    assert "games were played against previous_5 after an earlier gate had not been passed" in faults_of(
        evidence_of(early), 2, early
    )
