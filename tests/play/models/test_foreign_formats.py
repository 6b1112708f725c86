"""Models of other trainers: each dialect is read as the network that was written, or refused with what to do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from play.games.registry import get_game
from play.models.formats.format import Checkpoint, CheckpointError
from play.models.formats.registry import load_model
from play.models.model_file import ModelFile
from shared.contract.policy import GatePolicy
from tests.house.tree import ROOT
from tests.kit.foreign_models import (
    ARCHITECTURE,
    DIALECTS,
    PARAMETERS,
    as_safetensors,
    averaged,
    network,
    optimizer,
    prefixed,
    write,
)
from tests.kit.jobs import games_of, make_plan

GAME = get_game("hex8", 2)


def announced(path: Path, **changed: Any) -> ModelFile:
    """A file, announced with its network."""
    told = {"architecture": ARCHITECTURE, "parameters": PARAMETERS, "name": f"models/{path.name}", **changed}
    return ModelFile(path=path, **told)


def saved(path: Path, content: object) -> Path:
    """Anything, written by torch."""
    torch.save(content, path)
    return path


def distance(checkpoint: Checkpoint, other: torch.nn.Module) -> float:
    """How far the answers of the two are apart on some positions."""
    observations = torch.rand(3, *GAME.observation_shape)
    with torch.inference_mode():
        one, two = checkpoint.network(observations), other(observations)
    return max(float((mine - theirs).abs().max()) for mine, theirs in zip(one, two, strict=True))


@pytest.mark.parametrize("dialect", DIALECTS)
def test_f33_a_foreign_file_is_the_network_that_was_written(dialect: str, tmp_path: Path) -> None:
    """It answers as the network does, and what was converted is said."""
    narrow = {"bf16": "bfloat16", "half": "float16"}.get(dialect)
    checkpoint = load_model(announced(write(dialect, tmp_path)), GAME)
    assert distance(checkpoint, network()) < (0.05 if narrow else 1e-5)
    said = [each for each in checkpoint.metadata.notes if "converted" in each]
    assert said == ([f"6 tensors were converted from {narrow} to float32"] if narrow else [])
    assert not checkpoint.network.training


@pytest.mark.parametrize("dialect", ["DataParallel", "Lightning", "safetensors", "ONNX"])
def test_a_foreign_file_plays_games(dialect: str, tmp_path: Path) -> None:
    """The gauntlet plays it against its opponents to the end."""
    gates = GatePolicy(games=2, random_win_rate=0.0, heuristic_win_rate=1.0)
    games = games_of(make_plan(announced(write(dialect, tmp_path)), gates=gates))
    assert {each.opponent for each in games} == {"heuristic"}
    assert all(each.outcome in ("win", "draw", "loss") and each.network_evaluations for each in games)


def test_the_averaged_copy_is_used_and_said(tmp_path: Path) -> None:
    """Where a run keeps one, it is what is evaluated."""
    module = network()
    checkpoint = load_model(announced(saved(tmp_path / "a.pt", averaged(module))), GAME)
    assert checkpoint.metadata.notes == [
        "the averaged (EMA) copy from `model_ema` under `module.` is used, not `model`"
    ]
    state = module.state_dict()
    assert all(torch.equal(each, state[name] * 2) for name, each in checkpoint.network.state_dict().items())


def test_two_copies_that_fit_are_not_chosen_between(tmp_path: Path) -> None:
    """Whoever means one of them saves it alone."""
    state = network().state_dict()
    both = saved(tmp_path / "a.pt", {"model": state, "net": state})
    with pytest.raises(CheckpointError, match="several state dicts fit: `model` and `net`"):
        load_model(announced(both), GAME)


REFUSED: dict[str, tuple[Any, dict[str, Any], str]] = {
    "nothing announced": (
        lambda state: {"model": prefixed(state, "module.")}, {"architecture": None, "parameters": None},
        "a state dict in `model`, the first name is module.layers.0.weight, and does not say its architecture and parameters: "
        "announce it with them",
    ),
    "half announced": (lambda state: state, {"parameters": None}, "does not say its parameters"),
    "another network": (lambda state: state, {"parameters": {"hidden": 16, "layers": 1}}, "of shape \\[8, 2511\\], expected"),
    "unknown network": (lambda state: state, {"architecture": "transformer"}, "choose one of mlp, resnet"),
    "contradiction": (
        lambda state: {"model": state, "architecture": "resnet"}, {}, "says that its architecture is resnet, and mlp was announced"
    ),
    "other board": (lambda state: {"model": state, "board_type": "square8"}, {}, "board_type is square8, and hex8 was announced"),
    "other players": (lambda state: {"model": state, "num_players": 3}, {}, "num_players is 3, and 2 was announced"),
    "more layers": (lambda state: {**state, "layers.1.weight": torch.ones(2)}, {}, "1 unknown entries, the first is layers.1"),
    "fewer": (lambda state: {"layers.0.weight": state["layers.0.weight"]}, {}, "no plain tensor layers.0.bias"),
    "no state dict": (lambda state: {"epoch": 3, "optimizer": optimizer()}, {}, "it holds epoch, optimizer"),
    "eight bits": (
        lambda state: {name: each.to(torch.float8_e4m3fn) for name, each in state.items()}, {}, "is torch.float8_e4m3fn of shape"
    ),
    "a slice": (
        lambda state: {**state, "policy.bias": torch.ones(len(state["policy.bias"]), 9)[:, 0]}, {}, "save it after .contiguous"
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_f33_what_does_not_fit_is_refused_with_what_to_do(case: str, tmp_path: Path) -> None:
    """The text begins with the file as it was announced."""
    content, changed, words = REFUSED[case]
    path = saved(tmp_path / "a.pt", content(dict(network().state_dict())))
    with pytest.raises(CheckpointError, match=words) as caught:
        load_model(announced(path, **changed), GAME)
    assert str(caught.value).startswith("models/a.pt: ")


def test_a_safetensors_file_may_say_its_network_itself(tmp_path: Path) -> None:
    """Its metadata are texts; then nothing has to be announced."""
    path = tmp_path / "a.safetensors"
    as_safetensors(
        path, network(), architecture="mlp", parameters='{"hidden": 8, "layers": 1}', num_players="2", version="7"
    )
    checkpoint = load_model(path, GAME)
    assert (checkpoint.metadata.architecture, checkpoint.metadata.version, checkpoint.metadata.format) == (
        "mlp",
        "7",
        "safetensors",
    )
    as_safetensors(path, network(), num_players="3")
    with pytest.raises(CheckpointError, match="num_players is 3"):
        load_model(announced(path), GAME)


def test_a_file_larger_than_is_accepted_is_refused_by_its_size(tmp_path: Path) -> None:
    """Before anything of it is read."""
    path = write("bare", tmp_path)
    with pytest.raises(CheckpointError, match="bytes: at most 1000 are accepted"):
        load_model(announced(path, most_bytes=1000), GAME)


PLUGIN = """
from play.models.architectures.architecture import Architecture
from play.models.formats.format import Checkpoint, Format
from play.models.architectures.mlp import ARCHITECTURE
from play.models.architectures.registry import build_network
from shared.contract.evidence import ModelMetadata

def load(file, game):
    network = build_network("wide", {"layers": 1, "hidden": 4}, game).eval().requires_grad_(False)
    return Checkpoint(network, ModelMetadata(architecture="wide", parameters=1, format="dust"))

FORMAT = Format("dust", lambda head: head.startswith(b"DUST"), load)
WIDE = Architecture("wide", ARCHITECTURE.build, ARCHITECTURE.ranges)
"""
TRY = """
import sys
from pathlib import Path
from play.games.registry import get_game
from play.models.formats.registry import load_model
print(load_model(Path(sys.argv[1]), get_game("hex8", 2)).metadata.format)
"""


def test_another_package_adds_a_format_and_an_architecture(tmp_path: Path) -> None:
    """It announces them as entry points; nothing here is changed."""
    (tmp_path / "dust.py").write_text(PLUGIN)
    about = tmp_path / "dust-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: dust\nVersion: 1\n")
    (about / "entry_points.txt").write_text(
        "[ringrift.formats]\ndust = dust:FORMAT\n[ringrift.architectures]\nwide = dust:WIDE\n"
    )
    (tmp_path / "a.dust").write_bytes(b"DUST")
    ended = subprocess.run(
        [sys.executable, "-c", TRY, str(tmp_path / "a.dust")], capture_output=True, text=True, timeout=120,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{tmp_path}"},
    )  # fmt: skip
    assert ended.stdout.strip() == "dust", ended.stderr
