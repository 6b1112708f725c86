"""How the interval of a win rate is told game by game."""

from __future__ import annotations

from play.counting import Result, count
from services.gauntlet.closing import MOST_POINTS, closings
from shared.contract.policy import GatePolicy


def played(games: int, won_every: int = 3) -> list[Result]:
    """Games against Random, all different, of which every so manyth was lost."""
    return [
        Result("random", *(("loss", 0) if place % won_every == 0 else ("win", 2)), 30, str(place), place, place % 2)
        for place in range(games)
    ]  # fmt: skip


def test_the_last_point_says_what_the_evidence_says() -> None:
    """Whatever the number of games, the points are few, end at whole blocks, and the last one is the evidence's own interval."""
    for games in (2, 10, 50, 51, 400):
        [closing] = closings(played(games), 2)
        counted = count("random", GatePolicy(games=games), 2, played(games))
        last = closing.points[-1]
        assert counted.interval is not None
        assert (last.games, last.low, last.high) == (games, counted.interval.low, counted.interval.high)
        assert len(closing.points) <= MOST_POINTS
        assert all(each.games % 2 == 0 for each in closing.points[:-1])
        assert [each.games for each in closing.points] == sorted({each.games for each in closing.points})


def test_who_was_not_met_has_no_points() -> None:
    """Without a game there is nothing to tell."""
    assert closings([], 2) == []
