"""Models that hang, die, take everything or say nonsense: one error with a name, and the next model is opened."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from play.games.registry import get_game
from play.models.confined.errors import ModelLostError, ModelTooSlowError
from play.models.confined.host import ModelHost
from play.models.formats.format import CheckpointError
from tests.kit.back_door import door, installed
from tests.kit.confined_worker import FACTS
from tests.kit.evaluations import all_of
from tests.kit.jobs import tiny_checkpoint
from tests.kit.waiting import until
from tests.play.models.broken import changed

GAME = get_game("hex8", 2)
SIX = np.zeros((6, *GAME.observation_shape), np.float32)
ENDLESS = """
def forward(x):
    while True:
        pass
"""


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelHost]:
    """A host whose models have little memory and little time."""
    with installed(tmp_path_factory.mktemp("door")):
        started = ModelHost(most_memory_bytes=100 * 1024**2, move_seconds=1.0)
    with started:
        yield started


def opens_the_next(host: ModelHost, folder: Path) -> None:
    """An honest model is opened, and answers."""
    with host.open(tiny_checkpoint(folder / "next.pth"), GAME, seconds=30) as model:
        assert all_of(model, SIX).usable.all()


def is_gone(pid: int) -> bool:
    """Whether there is no such process, not even a dead one that nobody has asked for."""
    return not Path(f"/proc/{pid}").exists()


def parent_of(pid: int) -> int:
    """The process that forked it."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_a_model_that_never_answers_is_too_slow(strict: ModelHost, tmp_path: Path) -> None:
    """Its process is ended, and it cannot be asked again."""
    with strict.open(door(tmp_path / "a.pth", ENDLESS), FACTS, seconds=30) as model:
        with pytest.raises(ModelTooSlowError, match="a.pth: an answer on 6 positions took longer than 1 seconds"):
            all_of(model, SIX)
        assert is_gone(model.pid)
        assert model.cpu_seconds > 0.1
        with pytest.raises(ModelLostError, match="its process has ended"):
            all_of(model, SIX)
    opens_the_next(strict, tmp_path)


def test_a_file_that_is_read_for_ever_is_too_slow(strict: ModelHost, tmp_path: Path) -> None:
    """After the seconds that were given for it."""
    with pytest.raises(ModelTooSlowError, match="reading the file took longer than 0.5 seconds"):
        strict.open(door(tmp_path / "a.pth", "while True: pass"), FACTS, seconds=0.5)
    opens_the_next(strict, tmp_path)


DEATHS = {
    "a signal of its own": ("import ctypes\nctypes.string_at(0)", r"was killed \(SIGSEGV\)"),
    "an exit": ("import os\nos._exit(3)", "ended with code 3: it said nothing"),
    "last words": (
        "import os\nos.write(2, b'x' * 100_000 + b'\\nthe last\\x1b[2J words')\nos._exit(3)",
        r"ended with code 3: x+\\nthe last\\x1b\[2J words$",
    ),
    "an exception that is none": ("raise SystemExit('enough')", "ended with code 70: .*SystemExit: enough"),
    "its own conversation": ("import os\nos.close(3)\nos.dup2(0, 3)", "the process that runs it"),
    "an answer of gigabytes": ("import os\nos.write(3, b'\\x07\\xff\\xff\\xff\\xff')", "said a message of 4294967295 bytes"),
    "an unknown answer": ("import os\nos.write(3, b'\\x63\\x00\\x00\\x00\\x00')", "said a message of the kind 99"),
    "an answer to nothing": ("import os\nos.write(3, b'\\x0a\\x00\\x00\\x00\\x00')", "said EVALUATED when it was asked for LOAD"),
    "metadata that are none": ("import os\nos.write(3, b'\\x07\\x02\\x00\\x00\\x00{}')", "said what is no answer"),
    "a refusal that is none": ("import os\nos.write(3, b'\\x08\\x02\\x00\\x00\\x00[]')", "said what is no answer"),
}  # fmt: skip


@pytest.mark.parametrize("death", DEATHS)
def test_a_process_that_ends_or_lies_is_lost(death: str, strict: ModelHost, tmp_path: Path) -> None:
    """While the file is read; the error has its last words, on one printable line."""
    source, words = DEATHS[death]
    with pytest.raises(ModelLostError, match=words) as caught:
        strict.open(door(tmp_path / "a.pth", source), FACTS, seconds=60)
    assert str(caught.value).startswith(f"{tmp_path}/a.pth: ")
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 1000
    opens_the_next(strict, tmp_path)


def test_a_process_that_dies_while_it_is_asked_is_lost(strict: ModelHost, tmp_path: Path) -> None:
    """By a fault of its own."""
    dying = "import ctypes\nforward = lambda x: ctypes.string_at(0)"
    with (
        strict.open(door(tmp_path / "a.pth", dying), FACTS, seconds=30) as model,
        pytest.raises(ModelLostError, match=r"was killed \(SIGSEGV\)"),
    ):
        all_of(model, SIX)
    opens_the_next(strict, tmp_path)


def test_a_process_that_is_killed_in_the_middle_of_an_answer_is_lost(host: ModelHost, tmp_path: Path) -> None:
    """As the kernel does it when memory runs out; another model goes on."""
    other = host.open(tiny_checkpoint(tmp_path / "other.pth"), GAME, seconds=30)
    model = host.open(door(tmp_path / "a.pth", ENDLESS), FACTS, seconds=30)
    idle = model.cpu_seconds

    def kill() -> None:
        until(lambda: model.cpu_seconds > idle + 0.05)
        os.kill(model.pid, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(ModelLostError, match=r"was killed \(SIGKILL\)"):
        all_of(model, SIX)
    killer.join()
    model.close()
    assert all_of(other, SIX).usable.all()
    other.close()
    opens_the_next(host, tmp_path)


def test_a_model_that_needs_too_much_memory_is_refused(strict: ModelHost, tmp_path: Path) -> None:
    """The file is honest and its network too large for this host: a refusal, in the words of who could not have the memory."""
    large = changed(tmp_path / "a.pth", architecture="resnet", parameters={"blocks": 9, "channels": 512})
    with pytest.raises(CheckpointError, match="cannot be read: .*memory"):
        strict.open(large, GAME, seconds=60)
    opens_the_next(strict, tmp_path)


def test_a_model_that_takes_all_memory_gets_none(strict: ModelHost, tmp_path: Path) -> None:
    """However it asks for it; this process's memory is no smaller."""
    taking = "kept = []\nwhile True:\n    kept.append(bytearray(1 << 20))"
    with pytest.raises(CheckpointError, match="cannot be read: MemoryError"):
        strict.open(door(tmp_path / "a.pth", taking), FACTS, seconds=60)
    opens_the_next(strict, tmp_path)


def test_standard_error_without_end_stops_nobody(host: ModelHost, tmp_path: Path) -> None:
    """It is read while an answer is waited for, and forgotten but for its end."""
    loud = """
import os
def forward(x):
    for _ in range(64):
        os.write(2, b"x" * 65536)
    return torch.zeros(len(x), game.num_actions), torch.zeros(len(x), game.num_players)
"""
    with host.open(door(tmp_path / "a.pth", loud), FACTS, seconds=30) as model:
        assert all_of(model, SIX).usable.all()


def test_numbers_that_change_afterwards_change_nothing(host: ModelHost, tmp_path: Path) -> None:
    """An answer is a copy: what the process writes into the shared memory later is not in it."""
    turning = """
calls = []
def forward(x):
    calls.append(1)
    number = float(len(calls))
    return torch.full((len(x), game.num_actions), number), torch.full((len(x), game.num_players), number)
"""
    with host.open(door(tmp_path / "a.pth", turning), FACTS, seconds=30) as model:
        first = all_of(model, SIX)
        assert (all_of(model, SIX).logits == 2).all()
        assert (first.logits == 1).all()


def test_the_host_gets_over_the_loss_of_its_helper(tmp_path: Path) -> None:
    """Models that were open are lost; the next is opened by a new helper."""
    with ModelHost() as host:
        model = host.open(tiny_checkpoint(tmp_path / "a.pth"), GAME, seconds=30)
        helper = parent_of(model.pid)
        os.kill(helper, signal.SIGKILL)
        until(lambda: is_gone(model.pid))
        with pytest.raises(ModelLostError, match="ended with the helper"):
            all_of(model, SIX)
        model.close()
        until(lambda: not host._helper.running)
        opens_the_next(host, tmp_path)
        assert is_gone(helper)


def test_a_host_that_is_closed_opens_nothing(tmp_path: Path) -> None:
    """It says so, and closing it again does nothing."""
    host = ModelHost()
    host.close()
    host.close()
    with pytest.raises(ModelLostError, match="it was closed"):
        host.open(tiny_checkpoint(tmp_path / "a.pth"), GAME, seconds=30)
