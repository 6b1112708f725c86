"""Where a machine lacks something, models are opened with the rest, and the level says what is missing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from play.models.confined.errors import ModelLostError
from play.models.confined.host import ModelHost
from play.models.confined.level import Level
from tests.kit.confined_worker import FACTS
from tests.kit.jobs import tiny_checkpoint

ALONE = {
    "landlockpy": {"read a file", "list a folder"},
    "pyseccomp": {"speak UDP", "start a process", "trace another", "enter a namespace", "use io_uring"},
}
"""What the other layer alone does not refuse."""


def lacking(packages: tuple[str, ...], folder: Path, monkeypatch: pytest.MonkeyPatch) -> ModelHost:
    """A host on a machine where these are not installed."""
    for package in packages:
        (folder / f"{package}.py").write_text("raise ImportError('not installed')")
    monkeypatch.setattr(sys, "path", [str(folder), *sys.path])
    return ModelHost()


@pytest.mark.parametrize("missing", ALONE)
def test_one_layer_alone_is_a_partial_level(missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says which probes are no longer refused, and the reason; a model is opened all the same."""
    with lacking((missing,), tmp_path, monkeypatch) as host:
        assert host.level.name == "partial"
        assert any("is not installed" in why for why in host.level.lacks.values())
        assert ALONE[missing] <= set(host.level.lacks)
        assert {"take more memory", "win privileges", "outlive its parent", "write a file"} <= set(host.level.holds)
        with host.open(tiny_checkpoint(tmp_path / "a.pth"), FACTS, seconds=30) as model:
            assert model.metadata.version == "1"


def test_without_both_the_level_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits hold all the same, and nothing pretends."""
    with lacking(tuple(ALONE), tmp_path, monkeypatch) as host:
        assert host.level.name == "none"
        assert host.level.put_on == ("limits",)
        assert {"read a file", "speak TCP", "run a program", "signal another"} <= set(host.level.lacks)
        assert {"take more memory", "win privileges", "leave a core dump"} <= set(host.level.holds)
        with host.open(tiny_checkpoint(tmp_path / "a.pth"), FACTS, seconds=30) as model:
            assert model.metadata.version == "1"


def test_a_helper_that_cannot_start_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one error, with its last words."""
    (tmp_path / "torch.py").write_text("raise ImportError('libtorch is broken')")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    with ModelHost() as host, pytest.raises(ModelLostError, match="did not start: .*libtorch is broken"):
        _ = host.level


def test_a_package_that_starts_threads_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process with threads cannot be forked safely, so that no model is opened rather than one that may hang."""
    thread = "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()"
    (tmp_path / "pyseccomp.py").write_text(thread)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    with ModelHost() as host, pytest.raises(ModelLostError, match="2 threads run once everything is loaded"):
        host.open(tiny_checkpoint(tmp_path / "a.pth"), FACTS, seconds=30)


DRIVEN = """
from play.models.confined import self_test
from play.models.confined.confinement import Confinement
from play.models.device import Device
import landlockpy, pyseccomp
print(self_test.level(Confinement.found(1 << 30, Device("cuda:0", "cuda of nobody", 1 << 20))).model_dump_json())
"""


def test_what_a_driver_needs_opens_nothing_else(host: ModelHost) -> None:
    """With the files and calls of a graphics processor every probe is refused that is refused without."""
    said = subprocess.run([sys.executable, "-c", DRIVEN], capture_output=True, text=True, check=True).stdout
    assert Level.model_validate_json(said).lacks == host.level.lacks


@pytest.mark.skipif(torch.cuda.device_count() > 0, reason="there is a graphics processor here")
def test_a_host_for_an_absent_device_says_so() -> None:
    """In the words of who looked for it."""
    with (
        ModelHost(device="cuda") as host,
        pytest.raises(ModelLostError, match="RINGRIFT_GAUNTLET_DEVICE is cuda, and this machine"),
    ):
        _ = host.level
