"""TorchScript archives: run where models are confined in every way, refused elsewhere, and harmless when they are hostile."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from play.models.confined.errors import ModelTooSlowError
from play.models.confined.host import ModelHost
from play.models.evaluator import EvaluatorError
from play.models.formats.format import CheckpointError
from play.models.formats.registry import load_model
from play.models.model_file import ModelFile
from play.models.network import NetworkEvaluator
from tests.kit.evaluations import all_of
from tests.kit.foreign_models import network
from tests.kit.jobs import tiny_checkpoint
from tests.kit.programs import ABOUT, ENDLESS, GAME, HOSTILE, WRITING, endless_reading, honest, program
from tests.play.models.confined.test_levels import lacking

POSITIONS: Any = np.random.default_rng(0).random((9, *GAME.observation_shape), np.float32)


def test_a_program_answers_as_the_network_that_it_was_made_of(host: ModelHost, tmp_path: Path) -> None:
    """The first time as later, and says what it is."""
    assert host.level.name == "full"
    wanted = all_of(NetworkEvaluator(network(), GAME), POSITIONS)
    with host.open(honest(tmp_path / "a.pt"), GAME, seconds=30) as model:
        said = model.metadata
        assert (said.architecture, said.format, said.version) == ("torchscript", "TorchScript", "7")
        assert said.parameters == sum(each.numel() for each in network().parameters())
        answers = [all_of(model, POSITIONS) for _ in range(4)]
    assert all((each.logits == answers[0].logits).all() for each in answers)
    assert answers[0].logits == pytest.approx(wanted.logits, abs=1e-5)


def test_it_is_refused_where_confinement_is_not_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process, and in one of a machine without seccomp: nothing of it is run, and it is said what is lacking."""
    path = honest(tmp_path / "a.pt")
    with pytest.raises(CheckpointError, match=r"a program of its own, which is run only where .* \(level full"):
        load_model(path, GAME)
    with lacking(("pyseccomp",), tmp_path, monkeypatch) as host, pytest.raises(CheckpointError, match="level full"):
        host.open(path, GAME, seconds=30)


@pytest.mark.parametrize(
    ("about", "said"),
    [
        (None, "does not say what it is for: save it with _extra_files"),
        ({"version": "7"}, "does not say what it is for"),
        (ABOUT | {"board_type": "square8"}, "it says that its board_type is square8, and hex8 was announced"),
        (ABOUT | {"num_players": 3}, "it says that its num_players is 3, and 2 was announced"),
        (b"{", "its extra file ringrift.json is no JSON"),
        (b" " * 20_000, "its extra file ringrift.json has 20000 bytes"),
    ],
)
def test_what_it_is_for_has_to_be_said(about: Any, said: str, host: ModelHost, tmp_path: Path) -> None:
    """In its extra file, and of this configuration."""
    with pytest.raises(CheckpointError, match=said):
        host.open(honest(tmp_path / "a.pt", about), GAME, seconds=30)


def test_what_it_is_for_may_be_announced(host: ModelHost, tmp_path: Path) -> None:
    """Under its one architecture, and under no other."""
    path = honest(tmp_path / "a.pt", None)
    with host.open(ModelFile(path=path, architecture="torchscript"), GAME, seconds=30) as model:
        assert all_of(model, POSITIONS).usable.all()
    with pytest.raises(CheckpointError, match="a program of its own, and mlp was announced"):
        host.open(ModelFile(path=path, architecture="mlp"), GAME, seconds=30)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_program_does_no_harm(name: str, host: ModelHost, tmp_path: Path) -> None:
    """It has no move to give, leaves no mark, and the next model is opened."""
    mark = tmp_path / "mark"
    path = program(tmp_path / "a.pt", HOSTILE[name].replace("MARK", str(mark)))
    with host.open(path, GAME, seconds=30) as model, pytest.raises(EvaluatorError, match="the network failed"):
        all_of(model, POSITIONS)
    assert not mark.exists()
    with host.open(tiny_checkpoint(tmp_path / "b.pth"), GAME, seconds=30) as model:
        assert all_of(model, POSITIONS).usable.all()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_what_a_program_writes_is_not_written(host: ModelHost, tmp_path: Path) -> None:
    """Run without confinement it leaves its mark, so that this shows something."""
    mark = tmp_path / "mark"
    path = program(tmp_path / "a.pt", WRITING.replace("MARK", str(mark)))
    with host.open(path, GAME, seconds=30) as model:
        assert all_of(model, POSITIONS).usable.all()
    assert not mark.exists()
    torch.jit.load(str(path))(torch.zeros(4, 1))  # type: ignore[no-untyped-call]
    assert mark.exists()


def test_an_endless_program_is_too_slow(host: ModelHost, tmp_path: Path) -> None:
    """It ends with its deadline."""
    with host.open(program(tmp_path / "a.pt", ENDLESS), GAME, seconds=30) as model:
        model.move_seconds = 1.0
        with pytest.raises(ModelTooSlowError, match="took longer than 1 seconds"):
            all_of(model, POSITIONS)
    with pytest.raises(ModelTooSlowError, match="reading the file took longer than 3 seconds"):
        host.open(endless_reading(tmp_path / "b.pt"), GAME, seconds=3)


def test_a_damaged_archive_is_refused(host: ModelHost, tmp_path: Path) -> None:
    """Torn at any place, or with one byte turned, in code and weights alike: what is read is what was written."""
    path, intact = tmp_path / "b.pt", honest(tmp_path / "a.pt")
    whole = intact.read_bytes()
    with host.open(intact, GAME, seconds=30) as model:
        wanted = all_of(model, POSITIONS).logits
    for cut in (10, len(whole) // 2, len(whole) - 30):
        path.write_bytes(whole[:cut])
        with pytest.raises(CheckpointError, match="torn|truncated"):
            host.open(path, GAME, seconds=30)
    for place in range(200, len(whole) - 2000, len(whole) // 12):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with (
            suppress(CheckpointError),
            host.open(path, GAME, seconds=30) as model,
        ):  # a byte of the padding between records
            assert (all_of(model, POSITIONS).logits == wanted).all()
