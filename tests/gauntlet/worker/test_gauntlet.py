"""The gauntlet of a job: claimed games of one opponent, exact stopping where it can be told, and what can never be played."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from play.games.registry import get_game
from play.record import PlayedGame
from play.replay import replay
from services.gauntlet.course import Blocks
from services.gauntlet.worker.gauntlet import GameGauntlet
from services.gauntlet.worker.job import GamesPlayed, Job, JobDone, JobFailed, ModelLoaded
from services.gauntlet.worker.models import MOST_MODELS, OpenModels
from shared.contract.judging import Tally
from shared.contract.policy import GatePolicy
from tests.kit.jobs import games_in, games_of, make_job, make_plan, messages_of, open_models, tiny_checkpoint

EASY = GatePolicy(games=6, random_win_rate=0.0, heuristic_win_rate=0.0, previous_win_rate=0.0)
NOTHING = Tally((0, 0, 0), (0, 0, 0))
CLOSE = GatePolicy(games=20, random_win_rate=0.3, heuristic_win_rate=0.99)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny untrained checkpoint."""
    return tiny_checkpoint(tmp_path_factory.mktemp("models") / "candidate.pth")


def places(games: list[PlayedGame]) -> set[int]:
    """Where in the schedule games are."""
    return {each.index for each in games}


def test_the_same_plan_gives_the_same_games(checkpoint: Path) -> None:
    """Played with other lanes, and claimed in other pieces, it gives the same games, and they replay."""
    plan = make_plan(checkpoint, gates=CLOSE)
    games = games_of(plan)
    assert games == games_of(plan, lanes=3) == games_of(plan, most_games=4)
    for opponent in {each.opponent for each in games}:
        indices = [each.index for each in games if each.opponent == opponent]
        assert indices == list(range(len(indices)))
    for each in games:
        replay(get_game("hex8", 2), each)
        assert each.network_evaluations > 0


def test_a_claim_is_played_and_nothing_else(checkpoint: Path) -> None:
    """Blocks in the middle of a schedule are the games that they are in the whole of it."""
    plan = make_plan(checkpoint, gates=GatePolicy(games=20, random_win_rate=1.0))
    whole = games_in(messages_of(plan.job(Blocks("random", 0, 20))))
    part = games_in(messages_of(plan.job(Blocks("random", 6, 8), lanes=3)))
    assert places(part) == set(range(6, 14))
    assert {each.index: each for each in whole}.items() >= {each.index: each for each in part}.items()


def test_a_claim_ends_where_its_gate_is_decided(checkpoint: Path) -> None:
    """Told what counts before, it stops at the deciding block; what was begun in vain is said, and not reported."""
    plan = make_plan(checkpoint, gates=GatePolicy(games=20, heuristic_win_rate=1.0))
    messages = messages_of(plan.job(Blocks("heuristic", 0, 20), NOTHING, lanes=8))
    games, done = games_in(messages), messages[-1]
    course = plan.course(games)
    assert (course.surplus, course.counted("heuristic").games) == ([], len(games))
    assert len(games) < 20
    assert isinstance(done, JobDone)
    assert 0 < done.surplus_games < 16


def test_a_claim_that_knows_nothing_of_those_before_plays_on(checkpoint: Path) -> None:
    """Whether its gate is decided cannot be told from here, so every claimed game is reported."""
    plan = make_plan(checkpoint, gates=GatePolicy(games=20, heuristic_win_rate=1.0))
    messages = messages_of(plan.job(Blocks("heuristic", 4, 16)))
    assert places(games_in(messages)) == set(range(4, 20))
    assert messages[-1].surplus_games == 0  # type: ignore[union-attr]


def test_what_counts_before_a_claim_counts_in_it(checkpoint: Path) -> None:
    """It ends with the block that decides the gate of all of them."""
    plan = make_plan(checkpoint, gates=GatePolicy(games=20, random_win_rate=0.9))
    games = games_in(messages_of(plan.job(Blocks("random", 10, 10), Tally((2, 0, 8), (2, 0, 8)), lanes=2)))
    units = [sum(each.units or 0 for each in games if each.index < end) for end in range(12, 22, 2)]
    ending = next((end for end, won in zip(range(12, 22, 2), units, strict=True) if over(16 + won, end)), 20)
    assert places(games) == set(range(10, ending))


def over(units: int, games: int) -> bool:
    """Whether 36 of 40 units are reached, or out of reach."""
    return units >= 36 or units + 2 * (20 - games) < 36


def test_a_stop_ends_a_job_in_good_order(checkpoint: Path) -> None:
    """At once, with the blocks that had ended, what was begun in vain, and done as the last word."""
    asked = count()
    job = make_plan(checkpoint, gates=CLOSE).job(Blocks("random", 0, 20), lanes=2)
    stopped = GameGauntlet(job, open_models(), lambda: next(asked) > 100)
    messages = list(stopped.run())
    done = messages[-1]
    assert isinstance(done, JobDone)
    assert len(games_in(messages)) < 20
    assert done.surplus_games > 0


def test_f16_a_game_that_does_not_end_in_time_fails_the_job(checkpoint: Path) -> None:
    """With the setting that says how long it may take, and what came before."""
    job = make_plan(checkpoint, gates=CLOSE).job(Blocks("random", 0, 20))
    clock = seconds(400.0)
    *_, last = GameGauntlet(job, open_models(), wall_clock=lambda: next(clock)).run()
    assert isinstance(last, JobFailed)
    assert last.code == "too_slow"
    assert "RINGRIFT_GAUNTLET_GAME_SECONDS" in last.reason
    assert "600 s is what is allowed" in last.reason


def seconds(step: float) -> Iterator[float]:
    """A clock that goes on by a step whenever it is read."""
    return (number * step for number in count())


def test_f16_a_model_that_does_not_answer_in_time_fails_the_job(checkpoint: Path) -> None:
    """Whether it is being read or asked; the next job opens it anew."""
    plan = make_plan(checkpoint, gates=CLOSE)
    job = plan.job(Blocks("random", 0, 2))
    hurried = job.model_copy(update={"work": job.work.model_copy(update={"move_seconds": 1e-6})})
    [*_, last] = messages_of(hurried)
    assert isinstance(last, JobFailed)
    assert last.code == "too_slow"
    assert "RINGRIFT_GAUNTLET_MOVE_SECONDS" in last.reason
    assert isinstance(messages_of(job)[-1], JobDone)


def test_an_inconclusive_gate_ends_the_gauntlet(checkpoint: Path) -> None:
    """At the cap nothing is established, and the heuristic is not met."""
    gates = GatePolicy(mode="evidence", cap=8, random_win_rate=0.5, heuristic_win_rate=0.0, alpha=1e-6, beta=1e-6)
    games = games_of(make_plan(checkpoint, gates=gates))
    assert [each.opponent for each in games] == ["random"] * 8


def test_a_failed_gate_ends_the_gauntlet(checkpoint: Path) -> None:
    """An untrained network loses against the heuristic and never meets the previous model."""
    gates = GatePolicy(games=6, random_win_rate=0.0, heuristic_win_rate=1.0)
    games = games_of(make_plan(checkpoint, gates=gates, previous=checkpoint))
    assert {each.opponent for each in games} == {"heuristic"}


def test_all_opponents_are_met_when_gates_pass(checkpoint: Path, tmp_path: Path) -> None:
    """The previous model comes last, and only when there is one."""
    other = tiny_checkpoint(tmp_path / "previous.pth", seed=1)
    gates = GatePolicy(games=10, random_win_rate=0.01, heuristic_win_rate=0.0, previous_win_rate=0.01)
    games = games_of(make_plan(checkpoint, gates=gates, previous=other))
    assert list(dict.fromkeys(each.opponent for each in games)) == ["random", "previous"]


def test_messages_come_in_order(checkpoint: Path) -> None:
    """First the model, then games in whole blocks, then what it cost."""
    first, *middle, last = messages_of(make_plan(checkpoint, gates=CLOSE).job(Blocks("random", 0, 20)))
    assert isinstance(first, ModelLoaded)
    assert all(isinstance(each, GamesPlayed) and len(each.games) % 2 == 0 for each in middle)
    assert isinstance(last, JobDone)
    assert last.forward_seconds > 0
    assert last.peak_bytes > 1 << 20


def test_a_job_without_games_still_loads_the_model(checkpoint: Path) -> None:
    """The model is loaded, tried once, and nothing is played."""
    assert [type(each) for each in messages_of(make_job(checkpoint))] == [ModelLoaded, JobDone]


def test_a_loaded_model_is_kept_for_the_next_job(checkpoint: Path, tmp_path: Path) -> None:
    """It is read once, also when its file is gone meanwhile; only so many are kept, and those that were needed last."""
    models, path = open_models(), tiny_checkpoint(tmp_path / "kept.pth")
    messages_of(make_job(path), models)
    path.unlink()
    assert isinstance(messages_of(make_job(path), models)[-1], JobDone)
    for number in range(MOST_MODELS):
        messages_of(make_job(tiny_checkpoint(tmp_path / f"{number}.pth", seed=number)), models)
    assert isinstance(messages_of(make_job(path), models)[-1], JobFailed)


def test_the_cost_of_a_job_is_its_own(checkpoint: Path) -> None:
    """With the processes of its models, and without what the jobs before it spent."""
    models, job = open_models(), make_plan(checkpoint, gates=CLOSE).job(Blocks("random", 0, 20))
    before = models.cpu_seconds, models.forward_seconds
    costs = [spent(job, models) for _ in range(2)]
    after = models.cpu_seconds, models.forward_seconds
    for now, then, each in zip(after, before, zip(*costs, strict=True), strict=True):
        assert sum(each) == pytest.approx(now - then, abs=0.05)
        assert min(each) > 0


def spent(job: Job, models: OpenModels) -> tuple[float, float]:
    """Processor seconds of a job's models, and those of them in forward passes."""
    *_, done = GameGauntlet(job, models, cpu_clock=lambda: 0.0).run()
    assert isinstance(done, JobDone)
    return done.cpu_seconds, done.forward_seconds


def test_a_missing_or_broken_candidate_fails_the_job(tmp_path: Path, checkpoint: Path) -> None:
    """A missing file and a file that is no checkpoint each get their own answer, and no game is played."""
    broken = tmp_path / "broken.pth"
    broken.write_bytes(checkpoint.read_bytes()[:500])
    for path, code in ((tmp_path / "none.pth", "model_not_found"), (broken, "model_invalid")):
        (message,) = messages_of(make_job(path, Blocks("random", 0, 2)))
        assert isinstance(message, JobFailed)
        assert message.code == code
        assert path.name in message.reason


def test_a_broken_previous_model_is_not_the_candidates_fault(tmp_path: Path, checkpoint: Path) -> None:
    """A previous model that cannot be loaded fails the job as internal."""
    plan = make_plan(checkpoint, gates=EASY, previous=tmp_path / "none.pth")
    last = messages_of(plan.job(Blocks("previous", 0, 6)))[-1]
    assert isinstance(last, JobFailed)
    assert last.code == "internal"
