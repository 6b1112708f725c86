"""Model files as other trainers write them: one small network, in every format and dialect that is read."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from play.games.registry import get_game
from play.models.architectures.registry import build_network

ARCHITECTURE = "mlp"
PARAMETERS = {"hidden": 8, "layers": 1}
State = Mapping[str, Tensor]
Write = Callable[[Path, nn.Module], object]


def network(seed: int = 0) -> nn.Module:
    """The network that the files hold."""
    torch.manual_seed(seed)
    return build_network(ARCHITECTURE, PARAMETERS, get_game("hex8", 2)).eval()


def prefixed(state: State, prefix: str) -> dict[str, Tensor]:
    """The state dict under a prefix."""
    return {f"{prefix}{name}": each for name, each in state.items()}


def torch_file(content: Callable[[dict[str, Tensor]], Any]) -> Write:
    """A file of torch.save, of what is made of the state dict."""
    return lambda path, module: torch.save(content(dict(module.state_dict())), path)


def optimizer() -> dict[str, Any]:
    """The state of an optimizer that has made a step."""
    weight = nn.Parameter(torch.ones(3))
    adam = torch.optim.AdamW([weight])
    weight.grad = torch.ones(3)
    adam.step()
    return adam.state_dict()


def lightning(state: dict[str, Tensor]) -> dict[str, Any]:
    """What PyTorch Lightning keeps beside the weights."""
    return {
        "epoch": 3, "global_step": 700, "pytorch-lightning_version": "2.5.0", "state_dict": prefixed(state, "model."),
        "loops": {"fit_loop": {"state_dict": {}}}, "callbacks": {"ModelCheckpoint": {"best_model_score": torch.tensor(0.5)}},
        "optimizer_states": [optimizer()], "lr_schedulers": [],
    }  # fmt: skip


def with_numpy(state: dict[str, Tensor]) -> dict[str, Any]:
    """Metadata out of numpy beside the weights."""
    return {
        "model_state_dict": state, "optimizer_state_dict": optimizer(), "loss": np.float64(0.25), "epoch": np.int64(7),
        "history": np.ones(3), "device": torch.device("cpu"), "dtype": torch.float32,
    }  # fmt: skip


def averaged(module: nn.Module) -> dict[str, Any]:
    """A run with an averaged copy, whose weights are twice those of the network."""
    copy = torch.optim.swa_utils.AveragedModel(module)
    state = {name: each * 2 if each.is_floating_point() else each for name, each in copy.state_dict().items()}
    return {"model": module.state_dict(), "model_ema": state}


def as_safetensors(path: Path, module: nn.Module, **said: str) -> None:
    """A safetensors file, with texts about it."""
    save_file({name: each.contiguous() for name, each in module.state_dict().items()}, path, said or None)


def as_onnx(path: Path, module: nn.Module) -> None:
    """An ONNX file for batches of any size."""
    shape = get_game("hex8", 2).observation_shape
    names = {"input_names": ["observation"], "output_names": ["logits", "value"]}
    batch = {name: {0: "batch"} for name in ("observation", "logits", "value")}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch would rather have its slow exporter used
        torch.onnx.export(module, (torch.zeros(2, *shape),), path, dynamic_axes=batch, dynamo=False, **names)  # type: ignore[arg-type]


DIALECTS: dict[str, tuple[str, Write]] = {
    "bare": (".pt", torch_file(lambda state: state)),
    "state_dict": (".pth", torch_file(lambda state: {"state_dict": state, "step": 5})),
    "DataParallel": (".pth.tar", torch_file(lambda state: {"epoch": 1, "state_dict": prefixed(state, "module.")})),
    "compiled": (".pt", torch_file(lambda state: {"model": prefixed(state, "_orig_mod.")})),
    "compiled and distributed": (".pt", torch_file(lambda state: {"model": prefixed(state, "module._orig_mod.")})),
    "compiled within": (".pt", torch_file(lambda state: {"model": {_within(name): each for name, each in state.items()}})),
    "nested": (".pt", torch_file(lambda state: {"model": {"state_dict": prefixed(state, "net.")}, "args": {"lr": 0.1}})),
    "numpy": (".pth", torch_file(with_numpy)),
    "Lightning": (".ckpt", torch_file(lightning)),
    "bf16": (".pt", torch_file(lambda state: {"model": {name: each.bfloat16() for name, each in state.items()}})),
    "half": (".pt", torch_file(lambda state: {"model": {name: each.half() for name, each in state.items()}})),
    "views": (".pt", torch_file(lambda state: {"model": {name: _view(each) for name, each in state.items()}})),
    "protocol 4": (".pt", lambda path, module: torch.save({"model": module.state_dict(), "seen": {1}}, path, pickle_protocol=4)),
    "parameters": (".pt", torch_file(lambda state: {"model": {name: nn.Parameter(each) for name, each in state.items()}})),
    "safetensors": (".safetensors", as_safetensors),
    "ONNX": (".onnx", as_onnx),
}  # fmt: skip


def _within(name: str) -> str:
    first, _, rest = name.partition(".")
    return f"{first}._orig_mod.{rest}"


def _view(tensor: Tensor) -> Tensor:
    """The same numbers, transposed in memory."""
    return tensor.t().contiguous().t() if tensor.dim() == 2 else tensor


def write(dialect: str, folder: Path, module: nn.Module | None = None) -> Path:
    """A file in a dialect."""
    ending, make = DIALECTS[dialect]
    path = folder / f"model{ending}"
    make(path, module or network())
    return path
