"""Whatever a file contains: odd names and values, and real files with changes, each is one answer at the first try."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from play.games.registry import get_game
from play.models.formats.format import CheckpointError
from play.models.formats.registry import load_model
from play.models.model_file import ModelFile
from services.gauntlet.worker.job import WORKER_MESSAGE, JobFailed
from tests.kit.foreign_models import ARCHITECTURE, PARAMETERS, network, write
from tests.kit.hostile_pickles import torch_zip
from tests.kit.jobs import make_job, messages_of, tiny_checkpoint
from tests.play.models.broken import changed

GAME = get_game("hex8", 2)


def state(**more: Any) -> dict[Any, Any]:
    """A state dict with more in it."""
    return {**network().state_dict(), **more}


def cyclic() -> dict[str, Any]:
    """A content that holds itself."""
    content: dict[str, Any] = {"state_dict": {}}
    content["state_dict"]["model"] = content
    return content


def deep(levels: int = 150) -> list[Any]:
    """Lists within lists."""
    found: list[Any] = []
    for _ in range(levels):
        found = [found]
    return found


ODD: dict[str, Callable[[Path], object]] = {
    "version with NUL": lambda path: changed(path, version="1\0"),
    "architecture with NUL": lambda path: changed(path, architecture="mlp\0"),
    "half a surrogate pair": lambda path: changed(path, architecture="\ud800"),
    "version of half a pair": lambda path: changed(path, version="\udfff"),
    "board with escapes": lambda path: changed(path, board_type="\x1b[2J" * 1000),
    "huge integer": lambda path: changed(path, num_players=10**5000),
    "huge parameter": lambda path: changed(path, parameters={"hidden": 10**5000, "layers": 1}),
    "parameters by number": lambda path: changed(path, parameters={5: 1, "layers": 1}),
    "parameter named half": lambda path: changed(path, parameters={"\ud800": 1, "layers": 1}),
    "elo of digits": lambda path: changed(path, elo=10**5000),
    "time of bytes": lambda path: changed(path, trained_at=b"\xff"),
    "names with NUL": lambda path: torch.save(state(**{"a\0b": torch.ones(1)}), path),
    "names of half a pair": lambda path: torch.save(state(**{"\ud800": torch.ones(1)}), path),
    "names by number": lambda path: changed(path, state_dict={5: torch.ones(1), None: 3, b"x": 1}),
    "names by tuple": lambda path: torch.save({"state_dict": {("a", "b"): torch.ones(1)}}, path),
    "format of half a pair": lambda path: changed(path, format="ringrift-checkpoint-\ud800"),
    "circle": lambda path: torch.save(cyclic(), path),
    "deep": lambda path: changed(path, state_dict={"a": deep()}),
    "deep version": lambda path: changed(path, version=deep()),
    "nothing": lambda path: torch.save(None, path),
    "a set": lambda path: changed(path, state_dict={"a": {1, 2}}),
    "empty state": lambda path: changed(path, state_dict={}),
}


def odd_attribute(path: Path) -> None:
    """A state dict whose `_metadata` is a number."""
    content = network().state_dict()
    content._metadata = 5  # type: ignore[attr-defined]
    torch.save({"state_dict": content}, path)


ODD["metadata of a number"] = odd_attribute


@pytest.mark.parametrize("case", ODD)
def test_f13_whatever_a_file_contains_is_one_answer(case: str, tmp_path: Path) -> None:
    """The worker says model_invalid at once, in a message that can be sent, kept and shown."""
    ODD[case](path := tmp_path / "a.pth")
    file = ModelFile(path=path, name="models/a.pth", architecture=ARCHITECTURE, parameters=PARAMETERS)
    [message] = messages_of(make_job(file))
    assert isinstance(message, JobFailed)
    assert message.code == "model_invalid"
    assert message.reason.isprintable()
    assert len(message.reason) < 1000
    assert WORKER_MESSAGE.validate_json(message.model_dump_json()) == message


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A small file of each format."""
    folder = tmp_path_factory.mktemp("samples")
    files = {dialect: write(dialect, folder) for dialect in ("numpy", "safetensors", "ONNX")}
    files["own"] = tiny_checkpoint(folder / "own.pth")
    return {name: path.read_bytes() for name, path in files.items()}


Change = tuple[str, float, bytes]
CHANGES = st.lists(
    st.tuples(st.sampled_from(["put", "cut", "insert", "copy"]), st.floats(0, 1), st.binary(min_size=1, max_size=9)),
    min_size=1,
    max_size=4,
)


def mutated(data: bytes, changes: list[Change]) -> bytes:
    """The bytes with some changes, each at a share of their length."""
    for deed, share, new in changes:
        at = int(share * len(data))
        after = {"put": at + len(new), "cut": at + 7 * len(new), "insert": at, "copy": max(at - 50, 0)}[deed]
        data = data[:at] + (b"" if deed == "cut" else new) + data[after:]
    return data


def tried(path: Path, data: bytes) -> None:
    """Read a file: it loads, or is refused in a text that can be sent and kept."""
    path.write_bytes(data)
    said = "it loads"
    try:
        load_model(ModelFile(path=path, name="a", architecture=ARCHITECTURE, parameters=PARAMETERS), GAME)
    except CheckpointError as error:
        said = str(error)
    assert said.isprintable()
    assert len(said.encode()) < 1000


BOUNDED = settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.mark.parametrize("sample", ["own", "numpy", "safetensors", "ONNX"])
def test_f13_a_mutated_file_loads_or_is_refused(sample: str, samples: dict[str, bytes], tmp_path: Path) -> None:
    """Whatever is changed in a real file: no other error, and no end of the process."""
    whole = samples[sample]

    @BOUNDED
    @given(CHANGES)
    def check(changes: list[Change]) -> None:
        tried(tmp_path / "a.bin", mutated(whole, changes))

    check()


@pytest.mark.parametrize("sample", ["own", "numpy"])
def test_f13_a_mutated_index_loads_or_is_refused(sample: str, samples: dict[str, bytes], tmp_path: Path) -> None:
    """The same within a zip whose checksums are right."""
    with zipfile.ZipFile(io.BytesIO(samples[sample])) as archive:
        records = {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}
    index = records.pop("data.pkl")
    records.pop("version")

    @BOUNDED
    @given(CHANGES)
    def check(changes: list[Change]) -> None:
        torch_zip(tmp_path / "b.pth", mutated(index, changes), **records)
        tried(tmp_path / "a.pth", (tmp_path / "b.pth").read_bytes())

    check()
