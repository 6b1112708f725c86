"""Nothing is left: no process, no descriptor, no memory, whoever is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from play.games.registry import get_game
from play.models.confined.host import ModelHost
from play.models.formats.format import CheckpointError
from tests.house.tree import ROOT
from tests.kit.back_door import door
from tests.kit.evaluations import all_of
from tests.kit.jobs import tiny_checkpoint
from tests.kit.waiting import until
from tests.play.models.confined.test_lost import is_gone, parent_of

GAME = get_game("hex8", 2)


def descriptors() -> set[str]:
    """What this process has open."""
    folder = Path("/proc/self/fd")
    return {f"{each.name} {os.readlink(each)}" for each in folder.iterdir() if each.exists() or each.is_symlink()}


def mapped() -> int:
    """How many shared memories this process has mapped."""
    return Path("/proc/self/maps").read_text().count("ringrift-model")


def test_a_closed_model_leaves_nothing(host: ModelHost, tmp_path: Path) -> None:
    """Nor does one that was refused."""
    path, bad = tiny_checkpoint(tmp_path / "a.pth"), tmp_path / "b.pth"
    bad.write_bytes(b"no model")
    host.open(path, GAME, seconds=30).close()
    before, maps = len(descriptors()), mapped()
    pids = []
    for _ in range(5):
        with host.open(path, GAME, seconds=30) as model:
            all_of(model, np.zeros((4, *GAME.observation_shape), np.float32))
            pids.append(model.pid)
        with pytest.raises(CheckpointError):
            host.open(bad, GAME, seconds=30)
    assert (len(descriptors()), mapped()) == (before, maps)
    assert all(is_gone(pid) for pid in pids)


def test_a_closed_host_leaves_nothing(tmp_path: Path) -> None:
    """Its helper and the models that are still open are gone."""
    before = len(descriptors())
    host = ModelHost()
    models = [host.open(tiny_checkpoint(tmp_path / f"{seed}.pth", seed), GAME, seconds=30) for seed in (1, 2)]
    helper = parent_of(models[0].pid)
    host.close()
    assert all(is_gone(pid) for pid in (helper, *(model.pid for model in models)))
    for model in models:
        model.close()
    assert len(descriptors()) == before


@pytest.mark.parametrize("how", ["killed", "ended"])
def test_a_worker_that_is_gone_leaves_nothing(how: str, tmp_path: Path) -> None:
    """Killed or not, its helper and its models go with it, one that is busy too."""
    door(tmp_path / "a.pth", "")
    door(tmp_path / "b.pth", "import threading\nthreading.Thread(target=lambda: [0 for _ in iter(int, 1)]).start()")
    command = [sys.executable, "-m", "tests.kit.confined_worker", str(tmp_path)]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{ROOT}:{ROOT / 'client'}"}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=ROOT, env=environment) as worker:
        assert worker.stdout is not None
        pids = [each["pid"] for each in json.loads(worker.stdout.readline())["models"].values()]
        helper = parent_of(pids[0])
        if how == "killed":
            worker.send_signal(signal.SIGKILL)
        worker.communicate("", timeout=60)
    assert len(pids) == 2
    for pid in (helper, *pids):
        until(lambda pid=pid: is_gone(pid))  # type: ignore[misc]
