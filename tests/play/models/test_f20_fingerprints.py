"""Equal weights have one fingerprint, whatever file they are in; anything that they play by makes another one."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import torch
from torch import nn

from play.games.registry import get_game
from play.models.architectures.registry import build_network
from play.models.formats.registry import load_model
from play.models.model_file import ModelFile
from tests.kit.checkpoints import save_checkpoint
from tests.kit.foreign_models import ARCHITECTURE, PARAMETERS, network

GAME = get_game("hex8", 2)


def saved(path: Path, module: nn.Module, year: int = 2026, parameters: dict[str, int] = PARAMETERS) -> Path:
    """A checkpoint of that year."""
    save_checkpoint(
        path, module, GAME, ARCHITECTURE, parameters, version=str(year), trained_at=datetime(year, 1, 1, tzinfo=UTC)
    )
    return path


def fingerprint(path: Path) -> str:
    """What is found in a file."""
    told = ModelFile(path=path, architecture=ARCHITECTURE, parameters=PARAMETERS)
    found = load_model(told, GAME).metadata.fingerprint
    assert found is not None
    return found


def test_f20_equal_weights_have_one_fingerprint(tmp_path: Path) -> None:
    """Saved a year later, or as another trainer saves them."""
    module = network()
    one, later = saved(tmp_path / "one.pth", module), saved(tmp_path / "later.pth", module, 2027)
    torch.save({"model": module.state_dict()}, tmp_path / "foreign.pt")
    assert one.read_bytes() != later.read_bytes()
    assert len({fingerprint(each) for each in (one, later, tmp_path / "foreign.pt")}) == 1


@pytest.mark.parametrize("bit", [0, 31])
def test_f20_one_bit_makes_another(tmp_path: Path, bit: int) -> None:
    """In one weight: even the sign of a zero."""
    module = network()
    weight = next(module.parameters()).detach().view(-1)[:1]
    weight.zero_()
    before = fingerprint(saved(tmp_path / "a.pth", module))
    weight.view(torch.int32).bitwise_xor_(torch.tensor([1 << bit]).to(torch.int32))
    assert fingerprint(saved(tmp_path / "b.pth", module)) != before


def test_f20_another_shape_is_another(tmp_path: Path) -> None:
    """With the same numbers."""
    other = {"hidden": 8, "layers": 2}
    torch.manual_seed(0)
    deeper = saved(tmp_path / "b.pth", build_network(ARCHITECTURE, other, GAME), parameters=other)
    assert load_model(deeper, GAME).metadata.fingerprint != fingerprint(saved(tmp_path / "a.pth", network()))
