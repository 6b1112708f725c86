"""TorchScript archives: honest ones, and programs that want to do harm when they are read or asked."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from play.games.registry import get_game
from tests.kit.foreign_models import network

GAME = get_game("hex8", 2)
ABOUT = {"board_type": "hex8", "num_players": 2, "version": "7"}
ANSWER = f"return torch.zeros(len(x), {GAME.num_actions}), torch.zeros(len(x), {GAME.num_players})"

USING = f"return torch.zeros(len(x), {GAME.num_actions}) + y.sum(), torch.zeros(len(x), {GAME.num_players})"
"""What is not used is not done."""


def save(path: Path, module: nn.Module, about: Mapping[str, object] | bytes | None = ABOUT) -> Path:
    """A module as a TorchScript archive, with what it says of itself."""
    extra = {} if about is None else {"ringrift.json": about if isinstance(about, bytes) else json.dumps(about)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TorchScript is deprecated, and lies on people's disks
        torch.jit.save(module, str(path), _extra_files=extra)
    return path


def honest(path: Path, about: Mapping[str, object] | bytes | None = ABOUT) -> Path:
    """The small network of the foreign files, traced."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        traced = torch.jit.trace(network(), torch.zeros(4, *GAME.observation_shape))  # type: ignore[no-untyped-call]
        return save(path, traced, about)


def program(path: Path, body: str) -> Path:
    """An archive whose forward(x) is this TorchScript."""

    class Empty(nn.Module):
        """Without weights."""

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = torch.jit.script(Empty())
        lines = "".join(f"\n    {line}" for line in body.splitlines())
        module.define(f"def forward(self, x: Tensor) -> Tuple[Tensor, Tensor]:{lines}\n")
    return save(path, module)


class EndlessReading(nn.Module):
    """What it does when it is read is code of its own, too."""

    @torch.jit.export
    def __getstate__(self) -> bool:
        return self.training

    @torch.jit.export
    def __setstate__(self, state: bool) -> None:
        self.training = state
        count = 0
        while count < 1:
            count = count * 2

    def forward(self, x: Tensor) -> Tensor:
        """Never reached."""
        return x


def endless_reading(path: Path) -> Path:
    """An archive whose reading does not end."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return save(path, torch.jit.script(EndlessReading()))


HOSTILE: Mapping[str, str] = {
    "makes a file and maps it": f"y = torch.from_file('MARK', True, 8)\n{USING}",
    "maps a file of others": f"y = torch.from_file('/etc/passwd', False, 8)\n{USING}",
    "takes all memory": f"y = torch.ones(1 << 40)\n{USING}",
    "takes memory bit by bit": f"y = [x]\nwhile len(y) > 0:\n    y.append(torch.ones(1 << 22))\n{ANSWER}",
    "answers no pair": f"raise Exception('nothing')\n{ANSWER}",
}
"""What forward does; MARK is the file that it would make. Each of them fails in words."""
WRITING = f"torch.save([x], 'MARK')\n{ANSWER}"
"""Where it is let, this leaves a file; where it is not, torch says nothing of that."""
ENDLESS = f"y = 0\nwhile y < 1:\n    y = y * 2\n{ANSWER}"
