"""What a worker may report, and each lie that is refused."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from play.record import PlayedGame, encode_rows
from play.schedule import plan_games
from services.gauntlet.claim import Claim
from services.gauntlet.course import Blocks
from services.gauntlet.errors import ReportRefusedError
from services.gauntlet.reports import is_same, require_planned
from services.gauntlet.worker.work import WorkFailure, WorkReport, WorkWish
from shared.contract.configuration import Configuration
from shared.contract.gate import units_per_game
from shared.contract.policy import GatePolicy
from shared.contract.words import MOST_GAMES
from tests.gauntlet.fake_work import ONE_MOVE, game, games
from tests.gauntlet.fakes import NOW, SEED, running

EVALUATION = running(gates=GatePolicy(games=20))
CLAIM = Claim(
    UUID(int=1), EVALUATION.id, "worker", Blocks("random", 4, 8), issued_at=NOW, until=NOW, seen_at=NOW
)  # fmt: skip


def test_games_of_the_claim_are_taken() -> None:
    """All of them, one block of them, the same once more, or none."""
    require_planned(EVALUATION, CLAIM, games(8, first=4))
    require_planned(EVALUATION, CLAIM, games(2, first=10, units=None))
    require_planned(EVALUATION, CLAIM, [game(5, units=0), game(4, units=1)])
    require_planned(EVALUATION, CLAIM, [])


def errored(**changed: Any) -> PlayedGame:
    """A game in which a player had no move."""
    return game(5, units=None, outcome="errored", error="candidate (network): no move", **changed)


def test_an_errored_game_is_taken_with_its_reason() -> None:
    """Also before its first move."""
    require_planned(EVALUATION, CLAIM, [game(4), errored(decisions=0, moves="")])


LIES: dict[str, tuple[PlayedGame, str]] = {
    "before the claim": (game(3), "is not one of the claimed ones"),
    "after the claim": (game(12), "is not one of the claimed ones"),
    "another opponent": (game(5, opponent="heuristic"), "is not one of the claimed ones"),
    "another seed": (game(5, seed=1), "is not as it was planned"),
    "another opening": (game(5, opening_seed=1), "is not as it was planned"),
    "the easier seat": (game(5, seat=0), "is not as it was planned"),
    "a game of the next block": (game(6).model_copy(update={"index": 5}), "is not as it was planned"),
    "more than a win": (game(5, units=2).model_copy(update={"units": 3}), "cannot be win with 3 units of 2"),
    "less than a loss": (game(5, units=0).model_copy(update={"units": -1}), "cannot be loss with -1 units"),
    "a loss that counts as a win": (game(5, outcome="loss"), "cannot be loss with 2 units"),
    "a win that counts as a draw": (game(5, units=1).model_copy(update={"outcome": "win"}), "cannot be win with 1"),
    "a draw that counts as a win": (game(5, outcome="draw"), "cannot be draw with 2"),
    "a win without a score": (game(5, units=None, outcome="win"), "cannot be win with None"),
    "a truncated game with a score": (game(5, outcome="truncated"), "cannot be truncated with 2"),
    "an errored game with a score": (errored().model_copy(update={"units": 2}), "cannot be errored with 2"),
    "an errored game without a reason": (errored().model_copy(update={"error": None}), "says why"),
    "a win with a reason": (game(5, error="no move"), "says why"),
    "fewer moves than decisions": (game(5, decisions=2), "has 2 decisions"),
    "more moves than decisions": (game(5, decisions=0), "has 0 decisions"),
    "half a move": (game(5, moves=ONE_MOVE[:-4]), "its moves are not so many"),
    "moves that are none": (game(5, moves="no base64!"), "its moves are not so many"),
    "moves of other letters": (game(5, moves="\N{GREEK SMALL LETTER ALPHA}" * 4), "its moves are not so many"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_refused(lie: str) -> None:
    """With the game that it is about, though the other game of the block is well."""
    played, said = LIES[lie]
    with pytest.raises(ReportRefusedError, match=said) as refused:
        require_planned(EVALUATION, CLAIM, [game(4), played])
    assert f"game {played.index} against {played.opponent}" in str(refused.value)


def test_half_a_block_is_refused() -> None:
    """Scores of half a block would favour whoever moves first."""
    with pytest.raises(ReportRefusedError, match="block of game 5 is not whole: games 4 to 5"):
        require_planned(EVALUATION, CLAIM, [game(5), *games(2, first=8)])


def test_a_game_twice_in_a_report_is_refused() -> None:
    """Whether it is the same or not."""
    for again in (game(4), game(4, units=0)):
        with pytest.raises(ReportRefusedError, match="twice at once"):
            require_planned(EVALUATION, CLAIM, [game(4), game(5), again])


def test_where_no_games_were_claimed_none_are_taken() -> None:
    """The model was only to be loaded."""
    with pytest.raises(ReportRefusedError, match="only to be loaded"):
        require_planned(EVALUATION, replace(CLAIM, blocks=None), games(2))


@settings(deadline=None)
@given(st.integers(2, 4), st.data())
def test_scores_of_more_players_are_those_that_a_ranking_gives(num_players: int, data: st.DataObject) -> None:
    """Whatever the ranks, the game is taken; only a win has all units, and none has more."""
    ranks = data.draw(st.lists(st.integers(0, 3), min_size=num_players, max_size=num_players))
    own, others = ranks[0], ranks[1:]
    units = sum(2 * (own > other) + (own == other) for other in others)
    best = max(others)
    outcome = "win" if own > best else "draw" if own == best else "loss"
    report_of(num_players, outcome, units)
    for other in ("draw", "loss") if outcome == "win" else ("win",):
        with pytest.raises(ReportRefusedError, match="cannot be"):
            report_of(num_players, other, units)
    with pytest.raises(ReportRefusedError, match="cannot be"):
        report_of(num_players, outcome, units_per_game(num_players) + 1)


def report_of(num_players: int, outcome: Any, units: int) -> None:
    """A block whose first game ended so."""
    evaluation = replace(EVALUATION, configuration=Configuration("hex8", num_players))
    planned = plan_games(SEED, "random", num_players, num_players)
    block = [
        PlayedGame(**asdict(plan), outcome="loss", units=0, decisions=0, network_evaluations=0, moves=encode_rows([]))
        for plan in planned
    ]
    block[0] = block[0].model_copy(update={"outcome": outcome, "units": units})
    require_planned(evaluation, replace(CLAIM, blocks=Blocks("random", 0, num_players)), block)


def test_what_cannot_be_stored_is_no_game() -> None:
    """Neither U+0000 in a text, nor a number that no column holds, nor an engine without end."""
    good = game(4).model_dump()
    for wrong in (
        {"error": "a\0b"}, {"engine": "a\0b"}, {"engine": "x" * 301}, {"network_evaluations": 1 << 63}, {"decisions": -1},
        {"index": -1}, {"seat": 4}, {"outcome": "victory"}, {"opponent": "human"}, {"note": "more"},
    ):  # fmt: skip
        with pytest.raises(ValidationError):
            PlayedGame.model_validate({**good, **wrong})


def test_a_report_is_bounded() -> None:
    """No numbers that are none, no negative cost, and not more games than an evaluation can have."""
    for wrong in (
        {"cpu_seconds": float("nan")}, {"cpu_seconds": float("inf")}, {"cpu_seconds": -1}, {"forward_seconds": float("nan")},
        {"surplus_games": -1}, {"surplus_games": MOST_GAMES + 1}, {"games": [game(0)] * (MOST_GAMES + 1)}, {"note": 1},
    ):  # fmt: skip
        with pytest.raises(ValidationError):
            WorkReport.model_validate(wrong)


def test_a_wish_and_a_failure_are_bounded() -> None:
    """A worker has a name that can be written, waits for a minute at most, and fails for a reason that is its to give."""
    for wish in (
        {}, {"worker": ""}, {"worker": "a\nb"}, {"worker": "x" * 201}, {"worker": "a", "games": 0},
        {"worker": "a", "wait_seconds": 61}, {"worker": "a", "wait_seconds": float("nan")},
    ):  # fmt: skip
        with pytest.raises(ValidationError):
            WorkWish.model_validate(wish)
    for failure in (
        {"code": "cancelled", "reason": ""},
        {"code": "internal", "reason": "x" * 2001},
        {"code": "internal"},
    ):
        with pytest.raises(ValidationError):
            WorkFailure.model_validate(failure)


def test_the_same_game_is_known_whoever_played_it() -> None:
    """The engine, and how positions were shared out among batches, are not the game's; moves, outcome and score are."""
    one = game(4)
    assert is_same(one, game(4, engine="another", network_evaluations=9))
    assert not is_same(one, game(4, moves=encode_rows([]), decisions=0))
    assert not is_same(one, game(4, units=1))
    assert not is_same(one, game(4, units=None))
