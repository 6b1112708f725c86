"""Where networks are computed: which device is meant, what is said when it is not there, and what becomes of short memory."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from play.games.game import Game
from play.games.registry import get_game
from play.models.device import CPU, DeviceError, device_here, meant
from play.models.engine import fingerprint, networks_here
from play.models.evaluator import EvaluatorError
from play.models.network import SMALLEST_BATCH, NetworkEvaluator
from services.gauntlet.worker.settings import WorkerSettings
from shared.process.settings import SettingsError, load_settings
from tests.kit.evaluations import all_of
from tests.play.players.nets import Indifferent, small_network

GAME = get_game("hex8", 2)
TWO = ["cuda:0", "cuda:1"]
no_gpu = pytest.mark.skipif(torch.cuda.device_count() > 0, reason="there is a graphics processor here")


@pytest.mark.parametrize(
    ("asked", "there", "wanted"),
    [
        ("cpu", TWO, "cpu"),
        ("cuda", TWO, "cuda:0"),
        ("cuda:1", TWO, "cuda:1"),
        ("auto", TWO, "cuda:0"),
        ("auto", [], "cpu"),
    ],
)
def test_a_device_is_meant(asked: str, there: list[str], wanted: str) -> None:
    """A kind alone means the first of it; auto means one that computes networks faster, where there is one."""
    assert meant(asked, there, "torch") == wanted


def test_another_device_than_there_are_is_refused_in_words() -> None:
    """What was asked for, what there is, and which setting says so."""
    with pytest.raises(DeviceError) as caught:
        meant("cuda:7", TWO, "torch 2.13.0")
    assert str(caught.value) == (
        "RINGRIFT_GAUNTLET_DEVICE is cuda:7, and this machine has cpu, cuda:0, cuda:1 (torch 2.13.0): "
        "set it to one of these, or to auto"
    )


@no_gpu
def test_a_process_that_asks_for_an_absent_device_does_not_start() -> None:
    """Its settings are refused with the one sentence; auto is the processor here."""
    with pytest.raises(
        SettingsError, match=r"RINGRIFT_GAUNTLET_DEVICE is cuda:1, and this machine has cpu \(torch .*\): set"
    ):
        load_settings(WorkerSettings, {"RINGRIFT_GAUNTLET_DEVICE": "cuda:1"})
    with pytest.raises(SettingsError, match="RINGRIFT_GAUNTLET_DEVICE: String should match"):
        load_settings(WorkerSettings, {"RINGRIFT_GAUNTLET_DEVICE": "gpu"})
    assert load_settings(WorkerSettings, {"RINGRIFT_GAUNTLET_DEVICE": "auto"}).gauntlet_device == "auto"
    assert device_here("auto") == CPU


class Small(Indifferent):
    """A network for which so many positions at once are too many; it says of a position what stands in it."""

    def __init__(self, game: Game, room: int, error: type[Exception] = torch.OutOfMemoryError) -> None:
        super().__init__(game)
        self._room, self._error = room, error
        self.sizes: list[int] = []

    def forward(self, observation: Tensor) -> tuple[Tensor, Tensor]:
        """As said."""
        self.sizes.append(len(observation))
        if len(observation) > self._room:
            raise self._error("can't allocate memory: you tried to allocate a lot")
        logits, value = super().forward(observation)
        return logits + observation.mean((1, 2, 3))[:, None], value


@pytest.mark.parametrize("error", [torch.OutOfMemoryError, MemoryError, RuntimeError])
def test_short_memory_halves_the_batch_and_changes_no_answer(error: type[Exception]) -> None:
    """Until it fits, and for good."""
    observations = np.random.default_rng(0).random((45, *GAME.observation_shape), np.float32)
    network = Small(GAME, 12, error)
    evaluator = NetworkEvaluator(network, GAME)
    found, wanted = all_of(evaluator, observations), all_of(NetworkEvaluator(Small(GAME, 64), GAME), observations)
    assert all(np.array_equal(np.asarray(one), np.asarray(other)) for one, other in zip(found, wanted, strict=True))
    assert network.sizes[:3] == [45, 22, 11]
    assert evaluator.most == 11
    network.sizes.clear()
    all_of(evaluator, observations)
    assert network.sizes == [11, 11, 11, 11, SMALLEST_BATCH]


def test_the_smallest_batch_is_not_halved() -> None:
    """Fewer positions would be evaluated otherwise; the failure is the network's then."""
    network = Small(GAME, 3)
    with pytest.raises(EvaluatorError, match="the network failed: OutOfMemoryError: can't allocate memory"):
        all_of(NetworkEvaluator(network, GAME), np.zeros((9, *GAME.observation_shape), np.float32))
    assert network.sizes == [9, SMALLEST_BATCH]


def test_bfloat16_is_another_engine() -> None:
    """Its numbers are others, and so is the fingerprint of the games."""
    exact = small_network(GAME)
    rough = NetworkEvaluator(exact.network, GAME, autocast=True)
    observations = np.random.default_rng(0).random((8, *GAME.observation_shape), np.float32)
    one, other = all_of(exact, observations), all_of(rough, observations)
    assert other.logits.dtype == np.float32
    assert 0 < np.abs(one.logits - other.logits).max() < 0.1
    engine = networks_here()
    assert fingerprint(GAME, engine) == f"{engine}, {GAME.rules_version}"
    assert fingerprint(GAME, engine, autocast=True) == f"{engine}, bfloat16, {GAME.rules_version}"
