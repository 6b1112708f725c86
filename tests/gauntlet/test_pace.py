"""How fast games come and how long they may still take: what is told while an evaluation is played."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from cli.standing import on_one_line
from services.gauntlet.claim import Claim
from services.gauntlet.course import Blocks, Course, by_opponent
from services.gauntlet.pace import Pace, Recording, paces
from services.gauntlet.schemas import EvaluationDetail
from shared.contract.policy import GatePolicy
from tests.gauntlet.fakes import NOW, running
from tests.gauntlet.trial import Trial, played, report
from tests.play.arena.test_counting import results

POLICY = GatePolicy(games=50)
HALF_WON = by_opponent(results([2, 0] * 5))


def claim(worker: str, opponent: str = "random") -> Claim:
    """A live one."""
    blocks = Blocks(opponent, 0, 2)  # type: ignore[arg-type]
    until = NOW + timedelta(seconds=10)
    return Claim(running().id, running().id, worker, blocks, issued_at=NOW, until=until, seen_at=NOW)


def paces_after(seconds: float, live: list[Claim], **recorded: Recording) -> dict[Any, Pace]:
    """Those of an evaluation that has ten games, so long after its first claim."""
    evaluation = running(gates=POLICY, started_at=NOW - timedelta(seconds=seconds))
    return paces(evaluation, Course(evaluation, HALF_WON), live, recorded)  # type: ignore[arg-type]


def test_the_pace_is_that_of_the_last_seconds() -> None:
    """Two workers, one of them with two claims; the other opponents' games are left, and nobody plays them."""
    live = [claim("a"), claim("a"), claim("b"), claim("c", "heuristic")]
    found = paces_after(5, live, random=Recording(10, NOW))
    assert found == {"random": Pace(40, 2, 2.0, 20.0), "heuristic": Pace(50)}
    assert paces_after(500, [], random=Recording(15, NOW))["random"] == Pace(40, 0, 0.5, 80.0)


def test_against_the_next_opponent_it_begins_anew() -> None:
    """What was played against the one before tells nothing of these games."""
    before = Recording(0, NOW - timedelta(seconds=4))
    assert paces_after(100, [], heuristic=before, random=Recording(10, NOW))["random"].games_per_second == 2.5


@pytest.mark.parametrize("seconds", [-5.0, 0.0, 0.9])
def test_at_once_nothing_can_be_told(seconds: float) -> None:
    """Nor before the first game, nor while none comes, nor after a clock was set back."""
    assert paces_after(seconds, [], random=Recording(10, NOW))["random"] == Pace(40)
    assert paces_after(60, [])["random"] == Pace(40)
    assert paces_after(60, [], random=Recording(0, NOW))["random"] == Pace(40, 0, 0.0, None)


def test_a_game_that_is_recorded_is_not_left_though_it_does_not_count_yet() -> None:
    """Blocks that end out of order wait for those before them, and need not be played again."""
    evaluation = running(gates=POLICY)
    later = by_opponent(results([2, 0] * 5)[2:])
    assert paces(evaluation, Course(evaluation, later), [], {})["random"] == Pace(42)


async def test_it_is_told_of_a_recorded_evaluation(trial: Trial) -> None:
    """With the claims and the clock of the database; and no more once the evaluation has ended."""
    evaluation_id = await trial.queue(policy=POLICY)
    work = await trial.claim(games=6)
    await trial.work.report(work.claim_id, report(work, games=played(work, units=1)[:4], done=False))
    await trial.claim(games=2)
    await trial.change("update gauntlet.evaluations set started_at = clock_timestamp() - interval '2 seconds'")
    random, heuristic = EvaluationDetail.of_standing(await trial.service.evaluation(evaluation_id)).opponents
    assert (random.games, random.games_planned, random.games_left, random.workers) == (4, 50, 46, 1)
    assert 0 < (random.games_per_second or 0) <= 2
    assert (random.seconds_left or 0) >= 23
    assert (heuristic.games_left, heuristic.workers, heuristic.games_per_second) == (50, 0, None)
    await trial.service.cancel(evaluation_id)
    ended = EvaluationDetail.of_standing(await trial.service.evaluation(evaluation_id)).opponents
    assert [(each.games_left, each.workers, each.seconds_left) for each in ended] == [(0, 0, None)] * 2


def test_a_terminal_shows_it_of_who_is_met() -> None:
    """Interval, what is left, who plays, how fast, how long; nothing of those who are not met now."""
    met = {
        "opponent": "random", "games": 12, "games_planned": 50, "win_rate": 0.92, "threshold": 0.85, "games_left": 38,
        "interval": {"low": 0.6, "high": 0.98}, "workers": 1, "games_per_second": 4.12, "seconds_left": 9.2,
    }  # fmt: skip
    idle = {**met, "workers": 0, "games_per_second": None, "seconds_left": None}
    detail = {"state": "running", "opponents": [met, idle]}
    assert on_one_line(detail) == (
        "running   random 12/50 92% (85%): 60% to 98%, 38 left, 1 worker, 4.1 games/s, 9 s left   random 12/50 92% (85%)"
    )
