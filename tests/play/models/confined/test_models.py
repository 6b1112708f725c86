"""Models in confined processes answer as they do in this one: the same files, words, numbers and games."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from play.arena import Arena
from play.games.registry import get_game
from play.models.confined.host import MOST_POSITIONS, ModelHost
from play.models.confined.model import ConfinedModel
from play.models.evaluator import Evaluated, Evaluator, EvaluatorError
from play.models.formats.format import CheckpointError
from play.models.formats.registry import load_model
from play.models.model_file import ModelFile
from play.models.network import NetworkEvaluator
from play.players.network import NetworkPlayer
from play.players.random import RandomPlayer
from play.record import PlayedGame
from play.schedule import plan_games
from tests.kit.evaluations import all_of
from tests.kit.foreign_models import ARCHITECTURE, DIALECTS, PARAMETERS, write
from tests.kit.jobs import tiny_checkpoint
from tests.play.models.broken import changed
from tests.play.models.confined.conftest import OpenDoor

GAME = get_game("hex8", 2)
DEMO = Path(__file__).resolve().parents[4] / "models" / "demo" / "hex8_2p_trained.pth"


def positions(count: int, seed: int = 0) -> Any:
    """Random observations."""
    return np.random.default_rng(seed).random((count, *GAME.observation_shape), np.float32)


def same(one: Evaluated, other: Evaluated) -> bool:
    """Whether two answers are the same to the last bit."""
    pairs: list[tuple[Any, Any]] = list(zip(one, other, strict=True))
    return all(a.dtype == b.dtype and a.tobytes() == b.tobytes() for a, b in pairs)


@pytest.fixture(scope="module")
def demo(host: ModelHost) -> Iterator[ConfinedModel]:
    """The demo's trained model."""
    with host.open(DEMO, GAME, seconds=30) as model:
        yield model


@pytest.fixture(scope="module")
def here() -> NetworkEvaluator:
    """The same model in this process."""
    torch.set_num_threads(1)
    return NetworkEvaluator(load_model(DEMO, GAME).network, GAME)


@settings(max_examples=25, deadline=None)
@given(count=st.integers(1, MOST_POSITIONS), seed=st.integers(0, 9))
def test_answers_are_those_of_this_process_to_the_last_bit(
    count: int, seed: int, demo: ConfinedModel, here: NetworkEvaluator
) -> None:
    """For any number of positions."""
    assert same(all_of(demo, positions(count, seed)), all_of(here, positions(count, seed)))


def test_more_positions_than_fit_take_several_passes(demo: ConfinedModel, here: NetworkEvaluator) -> None:
    """Each position's answer is what it is in its pass."""
    many = positions(2 * MOST_POSITIONS + 1)
    found = all_of(demo, many)
    assert len(found.logits) == len(found.values) == len(found.usable) == len(many)
    for start in range(0, len(many), MOST_POSITIONS):
        part = slice(start, start + MOST_POSITIONS)
        cut = Evaluated(found.logits[part], found.values[part], found.usable[part])
        assert same(cut, all_of(here, many[part]))


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_format_is_read_and_asked(dialect: str, host: ModelHost, tmp_path: Path) -> None:
    """Metadata and answers are those of a model that is read in this process."""
    path = write(dialect, tmp_path)
    told = {} if dialect == "ONNX" else {"architecture": ARCHITECTURE, "parameters": PARAMETERS}
    file = ModelFile(path=path, name=f"models/{path.name}", **told)  # type: ignore[arg-type]
    wanted = load_model(file, GAME)
    with host.open(file, GAME, seconds=30) as model:
        assert model.metadata == wanted.metadata
        assert same(all_of(model, positions(5)), all_of(NetworkEvaluator(wanted.network, GAME), positions(5)))


def test_whole_games_are_the_same(demo: ConfinedModel, here: NetworkEvaluator) -> None:
    """Move by move, since a verification plays them again."""
    planned = plan_games(1, "random", 4, GAME.num_players)

    def played(evaluator: Evaluator) -> list[PlayedGame]:
        arena = Arena(GAME, NetworkPlayer(evaluator), RandomPlayer(), planned, 4)
        return sorted((each for ended in arena.play(8) for each in ended), key=lambda game: game.index)

    assert played(demo) == played(here)


def refusal(load: Any) -> tuple[type[Exception], str]:
    """The kind and the words of an error."""
    with pytest.raises(CheckpointError) as caught:
        load()
    return caught.type, str(caught.value)


@pytest.mark.parametrize("name", ["", "models/a.pth"])
@pytest.mark.parametrize("case", ["missing", "folder", "other board", "empty", "dangling", "pipe", "too large"])
def test_a_refusal_has_the_same_kind_and_words(case: str, name: str, host: ModelHost, tmp_path: Path) -> None:
    """Whether the file is there, is one, and is a model for the game: as if it had been read in this process."""
    path, most = tmp_path / "a.pth", 2**31
    match case:
        case "folder":
            path.mkdir()
        case "other board":
            changed(path, board_type="square8")
        case "empty":
            path.touch()
        case "dangling":
            path.symlink_to(tmp_path / "nowhere")
        case "pipe":
            os.mkfifo(path)
        case "too large":
            tiny_checkpoint(path)
            most = 100
    file = ModelFile(path=path, name=name, most_bytes=most)
    found = refusal(lambda: host.open(file, GAME, seconds=30))
    assert found == refusal(lambda: load_model(file, GAME))


def test_a_relative_path_and_a_link_lead_to_the_file(
    host: ModelHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker's folder may be another than it was when the host was started."""
    tiny_checkpoint(tmp_path / "a.pth")
    (tmp_path / "link.pth").symlink_to("a.pth")
    monkeypatch.chdir(tmp_path)
    with host.open(Path("link.pth"), GAME, seconds=30) as model:
        assert model.metadata.version == "1"


def test_many_models_are_open_at_once(host: ModelHost, tmp_path: Path) -> None:
    """Each keeps its own weights, in whatever order they are asked and closed."""
    paths = [tiny_checkpoint(tmp_path / f"{seed}.pth", seed=seed) for seed in range(8)]
    models = [host.open(path, GAME, seconds=30) for path in paths]
    wanted = [all_of(NetworkEvaluator(load_model(path, GAME).network, GAME), positions(6)) for path in paths]
    for index in (7, 0, 3, 3, 1, 6, 2, 5, 4):
        assert same(all_of(models[index], positions(6)), wanted[index])
    assert len({model.pid for model in models}) == 8
    models.pop(3).close()
    assert same(all_of(models[0], positions(6)), wanted[0])
    for model in models:
        model.close()


def test_a_network_that_fails_says_so_in_the_same_words(open_door: OpenDoor) -> None:
    """As an EvaluatorError, after which the model can be asked again."""
    model = open_door("""
calls = []
def forward(x):
    calls.append(1)
    if len(calls) == 1:
        raise KeyError("gone")
    if len(calls) == 2:
        return torch.zeros(len(x), 3), torch.zeros(len(x), 2)
    return torch.zeros(len(x), game.num_actions), torch.full((len(x), game.num_players), float("nan"))
""")
    with pytest.raises(EvaluatorError, match="the network failed: KeyError: 'gone'"):
        all_of(model, positions(4))
    with pytest.raises(
        EvaluatorError, match=r"the network gave shapes \(4, 3\) and \(4, 2\): expected \(4, 8424\) and"
    ):
        all_of(model, positions(4))
    assert not all_of(model, positions(4)).usable.any()


def test_observations_of_another_game_are_refused(demo: ConfinedModel) -> None:
    """Before the process sees them."""
    with pytest.raises(EvaluatorError, match=r"observations of shape \(31, 8, 8\): expected \(31, 9, 9\)"):
        all_of(demo, np.zeros((4, 31, 8, 8), np.float32))


def test_what_a_model_costs_is_counted(host: ModelHost) -> None:
    """By the kernel and by this process's clock, so that no model can say less."""
    with host.open(DEMO, GAME, seconds=30) as model:
        loaded = model.cpu_seconds
        for _ in range(5):
            all_of(model, positions(64))
        spent = model.cpu_seconds
        assert 0 < loaded < spent
        assert model.forward_seconds > 0
    assert model.cpu_seconds >= spent


def test_a_model_whose_memory_is_short_says_to_how_many_it_halved(open_door: OpenDoor) -> None:
    """It answers all the same, and whoever runs it is told."""
    model = open_door("""
def forward(x):
    if len(x) > 10:
        raise torch.OutOfMemoryError("a lot was wanted")
    return torch.zeros(len(x), game.num_actions) + x.mean((1, 2, 3))[:, None], torch.zeros(len(x), game.num_players)
""")
    assert all_of(model, positions(8)).usable.all()
    assert model.halved_to is None
    found = all_of(model, positions(30))
    assert found.logits[:, 0] == pytest.approx(positions(30).mean(axis=(1, 2, 3)), abs=1e-6)
    assert model.halved_to == 7
