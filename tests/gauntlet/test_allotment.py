"""How much a worker is given, and to whom what everybody waits for is given once more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from play.counting import Result
from services.gauntlet.allotment import LATE_CLAIMS, LATE_SECONDS, allot, allot_late
from services.gauntlet.claim import Claim
from services.gauntlet.cost import Cost
from services.gauntlet.course import Blocks, Course
from services.gauntlet.evaluation import Evaluation
from services.gauntlet.worker.work import WorkWish
from shared.contract.configuration import Configuration
from shared.contract.policy import GatePolicy, PlayPolicy
from tests.gauntlet.fake_work import game
from tests.gauntlet.fakes import NOW, running

ALL_TO_WIN = GatePolicy(games=1000, random_win_rate=1.0)
"""Undecided as long as every game is won, so that one lost block decides it."""
HALF = GatePolicy(games=1000, random_win_rate=0.5)
ME = WorkWish(worker="me")
CLAIM_SECONDS = 10.0


def evaluation(gates: GatePolicy = HALF, **changed: Any) -> Evaluation:
    """One that is played."""
    return running(gates=gates, **changed)


def course_of(played: Evaluation, won: int = 0) -> Course:
    """Its course after so many games that were won."""
    return Course(played, {"random": {place: Result.of(game(place)) for place in range(won)}})


def given(played: Evaluation, won: int = 0, wish: WorkWish = ME, asking: int = 1, live: Sequence[Claim] = ()) -> int:
    """How many games a worker is given."""
    blocks = allot(played, course_of(played, won), live, wish, asking, CLAIM_SECONDS)
    return blocks.games if blocks else 0


def test_a_claim_is_as_much_as_is_played_in_a_few_seconds() -> None:
    """By what games of this evaluation cost; a block at least, and never more than the worker asks for."""
    played = evaluation(cost=Cost(cpu_seconds=10.0))
    assert given(played, won=40) == 20
    assert given(evaluation(cost=Cost(cpu_seconds=1000.0)), won=40) == 2
    assert given(played, won=40, wish=WorkWish(worker="me", games=6)) == 6
    assert given(played, won=40, wish=WorkWish(worker="me", games=1)) == 2


def test_before_anything_is_known_a_claim_is_guessed() -> None:
    """Fewer games with search, and on large boards; a block at least."""
    search = PlayPolicy(mode="search", simulations=16)
    assert given(evaluation()) == 32
    assert given(evaluation(play=search)) == 16
    assert given(evaluation(configuration=Configuration("square19", 2))) == 8
    assert given(evaluation(play=PlayPolicy(mode="search", simulations=10_000))) == 2


def test_what_is_left_is_shared_among_those_who_ask() -> None:
    """Of those games that are likely to count, as long as a share is worth a model's loading."""
    assert given(evaluation(gates=GatePolicy(games=64, random_win_rate=0.5)), asking=2) == 18
    assert given(evaluation(gates=GatePolicy(games=64, random_win_rate=0.5)), asking=1000) == 6


def claim_of(worker: str, blocks: Blocks | None, seconds: float = 0) -> Claim:
    """A claim that has been held for so long, and is live."""
    seen = NOW + timedelta(seconds=seconds)
    until = seen + timedelta(seconds=CLAIM_SECONDS)
    return Claim(UUID(int=1), UUID(int=2), worker, blocks, issued_at=NOW, until=until, seen_at=seen)


def test_what_is_not_likely_to_count_waits() -> None:
    """Nobody is given it, whoever has nothing else to do, until more is known."""
    played = evaluation(gates=ALL_TO_WIN, cost=Cost(cpu_seconds=10.0))
    course = course_of(played, won=40)
    first = allot(played, course, [], ME, 1, CLAIM_SECONDS)
    assert first == ("random", 40, 4)
    assert allot(played, course, [claim_of("other", first)], ME, 1, CLAIM_SECONDS) is None
    assert allot_late(played, course, [claim_of("other", first)], ME, 1, CLAIM_SECONDS) is None
    assert given(played, won=200, live=[claim_of("other", first)]) > given(played, won=40)


def test_short_games_are_not_waited_for() -> None:
    """What takes less time than to ask once more is given at once."""
    quick, slow = (evaluation(gates=ALL_TO_WIN, cost=Cost(cpu_seconds=cost)) for cost in (0.4, 8.0))
    assert (given(quick, won=40), given(slow, won=40)) == (50, 4)


def test_workers_that_play_the_same_evaluation_take_equal_shares() -> None:
    """So that they are ready at the same time; who is alone takes what it plays in a few seconds."""
    played, claimed = evaluation(), Blocks("random", 0, 4)
    assert given(played, live=[claim_of("me", claimed)]) == 32
    short = evaluation(gates=GatePolicy(games=64, random_win_rate=0.5))
    assert given(short, live=[claim_of("other", claimed)]) == 16


LAST = Blocks("random", 4, 6)
"""All that is left, of ten games."""


def again(live: Sequence[Claim], worker: str = "me", cost: float = 0.0) -> Blocks | None:
    """What an idle worker is given where everything is claimed."""
    played = evaluation(gates=GatePolicy(games=10, random_win_rate=1.0), cost=Cost(cpu_seconds=cost))
    return allot_late(played, course_of(played, won=4), live, WorkWish(worker=worker), 1, CLAIM_SECONDS)


@pytest.mark.parametrize(
    ("cost", "late"), [(0.0, LATE_SECONDS), (4.0, LATE_CLAIMS * CLAIM_SECONDS), (40.0, LATE_CLAIMS * 60.0)]
)
def test_what_everybody_waits_for_is_given_once_more_when_it_is_late(cost: float, late: float) -> None:
    """By what such games usually take, and no sooner than after two lengths of a claim."""
    assert again([claim_of("slow", LAST, late)], cost=cost) is None
    assert again([claim_of("slow", LAST, late + 1)], cost=cost) == LAST


def test_it_is_given_to_one_other_worker_and_to_no_third() -> None:
    """Nor to the one that is late with it, nor while the others are in time."""
    slow, quick = claim_of("slow", LAST, 1000), claim_of("quick", LAST, 1)
    assert again([slow], worker="slow") is None
    assert again([slow, quick], worker="third") is None
    assert again([replace(slow, blocks=Blocks("random", 6, 4)), claim_of("quick", Blocks("random", 4, 2), 1)]) is None
    assert again([claim_of("loads", None, 1000), slow]) == LAST


def test_a_part_that_is_there_is_not_given_again() -> None:
    """Of a late claim only what is missing."""
    assert again([claim_of("slow", Blocks("random", 0, 10), 1000)]) == LAST
