"""The gauntlet of a job: opponents in order, exact stopping, resumption, and what can never be played."""

from dataclasses import asdict
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from play.games.registry import get_game
from play.record import PlayedGame
from play.replay import replay
from play.schedule import plan_games
from services.gauntlet.worker.gauntlet import GameGauntlet, Match
from services.gauntlet.worker.job import GamesPlayed, Job, JobDone, JobFailed, ModelLoaded
from shared.contract.gate import exact_gate
from shared.contract.policy import GatePolicy
from shared.contract.words import GateVerdict
from tests.kit.jobs import games_of, make_job, tiny_checkpoint

EASY = GatePolicy(games=6, random_win_rate=0.0, heuristic_win_rate=0.0, previous_win_rate=0.0)
CLOSE = GatePolicy(games=20, random_win_rate=0.3, heuristic_win_rate=0.99)
RESULTS: dict[int | None, Literal["win", "draw", "loss", "truncated"]] = {
    2: "win",
    1: "draw",
    0: "loss",
    None: "truncated",
}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny untrained checkpoint."""
    return tiny_checkpoint(tmp_path_factory.mktemp("models") / "candidate.pth")


def recorded(job: Job, units: list[int | None]) -> list[PlayedGame]:
    """Games against Random with these scores."""
    planned = plan_games(job.seed, "random", job.gates.games, 2)
    return [
        PlayedGame(**asdict(plan), outcome=RESULTS[unit], units=unit, decisions=0, network_evaluations=0, moves="")
        for plan, unit in zip(planned, units, strict=True)
    ]


@given(
    st.lists(st.sampled_from([0, 1, 2, None]), min_size=20, max_size=20),
    st.floats(0, 1).map(lambda rate: round(rate, 3)),
)
def test_exact_stopping_gives_the_verdict_of_all_games(units: list[int | None], threshold: float) -> None:
    """Whatever the games, the verdict on the deciding prefix is the verdict on all planned games."""
    job = make_job(Path("none.pth"), gates=GatePolicy(games=20, random_win_rate=threshold))
    games = recorded(job, units)
    stopped = next(
        match
        for end in range(0, 21, 2)
        if (match := Match(job, "random", games[:end])).verdict is not GateVerdict.UNDECIDED
    )
    assert stopped.verdict is exact_gate(sum(unit or 0 for unit in units), 20, 20, 2, threshold)


def test_the_same_job_gives_the_same_games(checkpoint: Path) -> None:
    """A job played twice, with other lanes, gives the same games in schedule order, and they replay."""
    gates = GatePolicy(games=10, random_win_rate=0.3, heuristic_win_rate=0.99)
    games = games_of(make_job(checkpoint, gates=gates))
    assert games == games_of(make_job(checkpoint, gates=gates, lanes=3))
    for opponent in {each.opponent for each in games}:
        indices = [each.index for each in games if each.opponent == opponent]
        assert indices == list(range(len(indices)))
    for each in games:
        replay(get_game("hex8", 2), each)
        assert each.network_evaluations > 0


def test_a_resumed_job_gives_the_rest_and_nothing_twice(checkpoint: Path) -> None:
    """Cut after any number of blocks, the job goes on with the next block and ends with the same games."""
    whole = games_of(make_job(checkpoint, gates=CLOSE))
    for cut in sorted({0, 2, len(whole) // 4 * 2, len(whole)}):
        rest = games_of(make_job(checkpoint, gates=CLOSE, played=whole[:cut]))
        assert whole[:cut] + rest == whole


def test_a_record_of_another_schedule_is_refused(checkpoint: Path) -> None:
    """Recorded games that are not the first whole blocks of the schedule fail the job instead of being counted."""
    games = recorded(make_job(checkpoint, gates=EASY), [2] * 6)
    for played in (games[:1], games[2:4], [games[0].model_copy(update={"seed": 5}), games[1]]):
        last = list(GameGauntlet(make_job(checkpoint, gates=EASY, played=played)).run())[-1]
        assert isinstance(last, JobFailed)
        assert "first whole blocks" in last.reason


def test_a_failed_gate_ends_the_gauntlet(checkpoint: Path) -> None:
    """An untrained network loses against the heuristic and never meets the previous model."""
    gates = GatePolicy(games=6, random_win_rate=0.0, heuristic_win_rate=1.0)
    games = games_of(make_job(checkpoint, gates=gates, previous=checkpoint))
    assert {each.opponent for each in games} == {"heuristic"}


def test_all_opponents_are_met_when_gates_pass(checkpoint: Path, tmp_path: Path) -> None:
    """The previous model comes last, and only when there is one."""
    other = tiny_checkpoint(tmp_path / "previous.pth", seed=1)
    gates = GatePolicy(games=10, random_win_rate=0.01, heuristic_win_rate=0.0, previous_win_rate=0.01)
    games = games_of(make_job(checkpoint, gates=gates, previous=other))
    assert list(dict.fromkeys(each.opponent for each in games)) == ["random", "previous"]


def test_messages_come_in_order(checkpoint: Path) -> None:
    """First the model, then games in whole blocks, then the time spent."""
    first, *middle, last = GameGauntlet(make_job(checkpoint, gates=CLOSE)).run()
    assert isinstance(first, ModelLoaded)
    assert all(isinstance(each, GamesPlayed) and len(each.games) % 2 == 0 for each in middle)
    assert isinstance(last, JobDone)
    assert last.network_seconds > 0


def test_skipped_games_still_load_the_model(checkpoint: Path) -> None:
    """With the games skipped the model is loaded, tried once, and nothing is played."""
    messages = list(GameGauntlet(make_job(checkpoint, gates=EASY, skip_games=True)).run())
    assert [type(each) for each in messages] == [ModelLoaded, JobDone]


def test_a_missing_or_broken_candidate_fails_the_job(tmp_path: Path, checkpoint: Path) -> None:
    """A missing file and a file that is no checkpoint each get their own answer, and no game is played."""
    broken = tmp_path / "broken.pth"
    broken.write_bytes(checkpoint.read_bytes()[:500])
    for path, code in ((tmp_path / "none.pth", "model_not_found"), (broken, "model_invalid")):
        (message,) = GameGauntlet(make_job(path, gates=EASY)).run()
        assert isinstance(message, JobFailed)
        assert message.code == code
        assert path.name in message.reason


def test_a_broken_previous_model_is_not_the_candidates_fault(tmp_path: Path, checkpoint: Path) -> None:
    """A previous model that cannot be loaded fails the job as internal."""
    last = list(GameGauntlet(make_job(checkpoint, gates=EASY, previous=tmp_path / "none.pth")).run())[-1]
    assert isinstance(last, JobFailed)
    assert last.code == "internal"
