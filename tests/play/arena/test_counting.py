"""What recorded games amount to: repeats, blocks, seats, and what is told to people."""

from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from play.counting import Result, RunningTally, block_histogram, count, tally_of
from play.summing_up import cost_of, elo_of
from shared.contract.policy import GatePolicy
from shared.contract.words import OPPONENTS, OpponentName, Outcome

GATES = GatePolicy(games=20)
OUTCOMES: dict[int | None, Outcome] = {2: "win", 1: "draw", 0: "loss", None: "truncated"}
UNITS = st.lists(st.sampled_from([0, 1, 2, None]), max_size=20).map(lambda units: units[: len(units) // 2 * 2])


def results(
    units: Sequence[int | None], opponent: OpponentName = "random", moves: Sequence[str] | None = None
) -> list[Result]:
    """Games of two players in schedule order; each has moves of its own unless they are given."""
    named = moves or [str(place) for place in range(len(units))]
    return [
        Result(opponent, OUTCOMES[score], score, 10, name, place, place % 2)
        for place, (score, name) in enumerate(zip(units, named, strict=True))
    ]


def test_a_repeat_counts_once() -> None:
    """The same moves from the same seat are one game to whoever asks for evidence; the plan counts both."""
    found = count("random", GATES, 2, results([2, 0, 2, 0, 2, 2], moves=["a", "b", "a", "b", "c", "d"]))
    assert (found.score_histogram, found.effective_histogram) == ([2, 0, 4], [1, 0, 3])
    assert (found.effective_games, found.distinct_games) == (4, 4)


def test_the_same_moves_from_another_seat_are_no_repeat() -> None:
    """A network against itself plays the same game twice in a block, and wins it once or draws it twice."""
    found = count("previous", GATES, 2, results([2, 0], "previous", ["a", "a"]))
    assert (found.effective_histogram, found.distinct_games) == ([1, 0, 1], 1)
    drawn = count("previous", GATES, 2, results([1, 1, 1], "previous", ["a", "a", "a"]))
    assert (drawn.effective_histogram, drawn.distinct_games) == ([0, 2, 0], 1)


def test_blocks_are_the_unit_of_the_interval() -> None:
    """Games that share an opening are one score together, and a block with an unscored game is none."""
    found = count("random", GATES, 2, results([2, 0, 2, 2, 2, None, 1, 2, 0, 1]))
    assert found.block_histogram == [0, 1, 1, 1, 1]
    even = count("random", GATES, 2, results([2, 0] * 10))
    assert even.block_histogram == [0, 0, 10, 0, 0]
    assert even.interval is not None
    assert even.interval.low < 0.5 < even.interval.high


def test_a_repeated_block_counts_once() -> None:
    """A block of which every game repeats an earlier block's adds nothing; one other game makes it another block."""
    assert block_histogram(results([2, 0, 2, 0], moves=["a", "b", "a", "b"]), 2) == [0, 0, 1, 0, 0]
    assert block_histogram(results([2, 0, 2, 2], moves=["a", "b", "a", "c"]), 2) == [0, 0, 1, 0, 1]


def test_seats_are_told_apart() -> None:
    """Whoever wins from one seat only is seen."""
    found = count("random", GATES, 2, results([2, 0, 2, 0, 2, None]))
    assert found.seats is not None
    assert [(each.seat, each.games, each.win_rate(2)) for each in found.seats] == [(0, 3, 1.0), (1, 3, 0.0)]


def test_no_games_are_no_evidence() -> None:
    """An opponent that was not reached has an interval that excludes nothing, and no rate."""
    found = count("random", GATES, 2, [])
    assert (found.win_rate(2), found.interval) == (None, found.interval)
    assert found.interval is not None
    assert (found.interval.low, found.interval.high, found.effective_games) == (0, 1, 0)
    assert elo_of([found], 2) is None


@given(UNITS, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(units: list[int | None], chance: Random) -> None:
    """A database gives rows in any order."""
    rows = results(units, moves=[str(place % 5) for place in range(len(units))])
    shuffled = [*rows]
    chance.shuffle(shuffled)
    assert count("random", GATES, 2, shuffled) == count("random", GATES, 2, rows)


@given(UNITS)
def test_tallies_that_grow_are_those_of_all_games(units: list[int | None]) -> None:
    """Whoever counts block by block has what whoever counts at the end has."""
    running, rows = RunningTally(2), results(units)
    for start in range(0, len(rows), 2):
        running.add(rows[start : start + 2])
        assert running.tally == tally_of(rows[: start + 2], 2)


def test_a_score_that_no_game_gives_is_refused() -> None:
    """It is an error, not evidence."""
    with pytest.raises(ValueError, match="game 0 scored 3 units of 2"):
        tally_of([Result("random", "win", 3, 0, "a", 0, 0)], 2)


def test_elo_is_of_the_anchors_and_its_interval_holds_it() -> None:
    """The previous model has no fixed rating and counts nothing; more games make the interval narrower."""
    gates = GatePolicy(games=200)
    few, many = (
        [count(name, gates, 2, results([2, 2, 0, 2] * blocks, name)) for name in OPPONENTS[:2]] for blocks in (5, 50)
    )
    previous = count("previous", gates, 2, results([0, 0], "previous"))
    short, long = elo_of([*few, previous], 2), elo_of(many, 2)
    assert short is not None
    assert long is not None
    assert short == elo_of(few, 2)
    assert None not in (short.low, short.high, long.low, long.high)
    assert short.low < long.low < long.rating < long.high < short.high  # type: ignore[operator]


def test_the_receipt_counts_what_was_saved() -> None:
    """Planned games that were not needed, of opponents that were not met too."""
    opponents = [count("random", GATES, 2, results([0] * 8)), count("heuristic", GATES, 2, [])]
    receipt = cost_of(opponents, core_seconds=1.5)
    assert (receipt.games, receipt.saved_games, receipt.core_seconds, receipt.surplus_games) == (8, 32, 1.5, None)
