"""Training runs, at the smallest size: what is written, what is announced, and what is never touched."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from cli.checkpoint_file import write_checkpoint
from play.games.registry import get_game
from play.games.ringrift.heuristic import HeuristicPlayer
from play.models.architectures.registry import build_network
from play.models.formats.checkpoint import load_checkpoint
from play.models.formats.format import CheckpointError
from play.training.announcement import announcement
from play.training.imitation import fit
from play.training.positions import collect
from play.training.trainer import Plan, run_training
from shared.contract.events.trainer import TrainingCompleted
from shared.storage.files import digest_of

RESNET = {"blocks": 1, "channels": 4}
PLAN = Plan("hex8", 2, rounds=0, games=4, epochs=1, architecture="resnet", parameters=RESNET, seed=3, version="7")


def quiet(text: str, done: int, total: int) -> None:
    """Told of progress, and says nothing."""


@pytest.fixture(autouse=True, scope="module")
def small_matches() -> Iterator[None]:
    """The matches that only measure are kept short."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("play.training.trainer.MATCH_GAMES", 2)
        patch.setattr("play.training.expert.FINAL_GAMES", 2)
        yield


@pytest.fixture(scope="module")
def trained(small_matches: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of the plan."""
    path = tmp_path_factory.mktemp("trained") / "model.pth"
    run_training(PLAN, partial(write_checkpoint, path), quiet)
    return path


def weights_of(path: Path) -> dict[str, torch.Tensor]:
    """The network's weights."""
    state: dict[str, torch.Tensor] = load_checkpoint(path, get_game("hex8", 2)).network.state_dict()
    return state


def same(one: Path, other: Path) -> bool:
    """Whether two checkpoints hold equal weights."""
    first, second = weights_of(one), weights_of(other)
    return all(torch.equal(first[name], second[name]) for name in first)


def test_a_run_writes_a_checkpoint_that_loads(trained: Path) -> None:
    """The file says what it is, and nothing is left beside it."""
    checkpoint = load_checkpoint(trained, get_game("hex8", 2))
    assert checkpoint.metadata.version == "7"
    assert checkpoint.metadata.architecture == "resnet"
    assert list(trained.parent.iterdir()) == [trained]


def test_equal_plans_train_equal_weights(trained: Path, tmp_path: Path) -> None:
    """A run depends on its plan alone; another seed gives another network."""
    for name, seed in (("same.pth", PLAN.seed), ("other.pth", PLAN.seed + 1)):
        run_training(replace(PLAN, seed=seed), partial(write_checkpoint, tmp_path / name), quiet)
    assert same(trained, tmp_path / "same.pth")
    assert not same(trained, tmp_path / "other.pth")


def test_g01_the_announcement_names_the_bytes(trained: Path) -> None:
    """The data of TRAINING_COMPLETED hold the SHA-256 of the file, and are valid for the event."""
    data = announcement(PLAN, trained, digest_of(trained))
    assert data.digest == hashlib.sha256(trained.read_bytes()).hexdigest()
    assert data.model_path == "models/model.pth"
    assert str(data.configuration) == "hex8_2p"
    assert (data.model_version, data.training_games, data.epochs_completed) == ("7", 4, 1)
    assert TrainingCompleted.model_validate_json(data.model_dump_json()) == data


def test_a_file_of_another_configuration_is_not_announced(trained: Path) -> None:
    """What is announced has been loaded for the plan's configuration."""
    with pytest.raises(CheckpointError, match="expected hex8 with 3"):
        announcement(replace(PLAN, num_players=3), trained, digest_of(trained))


def test_g02_training_never_writes_a_canonical_file(tmp_path: Path) -> None:
    """A canonical name is refused, and the canonical model stays."""
    canonical = tmp_path / "canonical_hex8_2p.pth"
    canonical.write_bytes(b"the ledger's")
    with pytest.raises(ValueError, match="promotion service"):
        run_training(replace(PLAN, games=0), partial(write_checkpoint, canonical), quiet)
    assert canonical.read_bytes() == b"the ledger's"


def test_g02_a_run_that_cannot_write_leaves_the_old_model(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Training over an existing model replaces it whole or not at all."""
    output = tmp_path / "model.pth"
    output.write_bytes(trained.read_bytes())

    def fail(source: object, target: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("pathlib.Path.replace", fail)
    with pytest.raises(OSError, match="Input/output"):
        run_training(replace(PLAN, games=0), partial(write_checkpoint, output), quiet)
    assert output.read_bytes() == trained.read_bytes()
    assert list(tmp_path.iterdir()) == [output]


def test_positions_are_the_experts_choices() -> None:
    """Every position has the chosen move among its legal ones, the mover's score first, scores that sum to parity."""
    game = get_game("hex8", 3)
    positions = collect(game, HeuristicPlayer(), 3, np.random.default_rng(1))
    for index, chosen in enumerate(positions.chosen):
        assert chosen in positions.legal[positions.offsets[index] : positions.offsets[index + 1]]
    assert positions.observations.shape[1:] == game.observation_shape
    np.testing.assert_allclose(positions.scores.sum(axis=1), 1.5)


def test_fitting_learns_the_positions() -> None:
    """The loss on a few positions falls clearly with more passes."""
    game = get_game("hex8", 2)
    positions = collect(game, HeuristicPlayer(), 2, np.random.default_rng(2))
    losses = []
    for epochs in (1, 30):
        torch.manual_seed(0)
        network = build_network("resnet", {"blocks": 1, "channels": 8}, game)
        losses.append(fit(network, positions, epochs, np.random.default_rng(3), lambda *told: None))
    assert losses[1] < 0.8 * losses[0]


def test_any_architecture_can_be_trained(tmp_path: Path) -> None:
    """What is registered is built, fitted, written and loaded again."""
    plan = replace(PLAN, architecture="mlp", parameters={"layers": 1, "hidden": 8})
    run_training(plan, partial(write_checkpoint, tmp_path / "mlp.pth"), quiet)
    assert load_checkpoint(tmp_path / "mlp.pth", get_game("hex8", 2)).metadata.architecture == "mlp"
