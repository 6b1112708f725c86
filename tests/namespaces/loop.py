"""A model is trained on one machine, judged and promoted on others, and played with on three more; then the next one, while the
distribution service and a node are killed."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from shared.storage.files import digest_of
from tests.kit.operator import DEMO, HEX8
from tests.namespaces.machines import NODES, PATIENCE_SECONDS, Machines

Say = Callable[[str], None]


def run(folder: Path, say: Say) -> None:
    """Everything once, in an empty folder that other users may enter; `say` is told of each step that held."""
    machines = Machines(folder)
    with machines.running():
        say("eight machines: Postgres, NATS and S3 on one, three services and three agents on one each, and a trainer")
        _round(machines, 1, "trained", say)
        for name in ("distribution", "node-2"):
            machines.processes[name].kill()
        announced = _announced(machines, "successor")
        for name in ("distribution", "node-2"):
            machines.processes[name].start()
        _arrived(machines, 2, announced, say)
        _nothing_shared(machines, say)


def _round(machines: Machines, version: int, name: str, say: Say) -> None:
    _arrived(machines, version, _announced(machines, name), say)


def _announced(machines: Machines, name: str) -> tuple[str, str]:
    """The trainer sends a model and announces it; returns its training and its digest."""
    own = machines.folder / "trainer"
    own.mkdir(exist_ok=True)
    path = own / f"{name}.pth"
    shutil.copy(DEMO / f"{HEX8}_{name}.pth", path)
    words = ("announce", "--upload", "--model", str(path), "--board-type", "hex8", "--num-players", "2", "--json")
    told = subprocess.run(
        machines.trainer(*words), env=machines.trainers(), cwd=own, capture_output=True, text=True, check=False,
        timeout=PATIENCE_SECONDS,
    )  # fmt: skip
    assert told.returncode == 0, told.stdout + told.stderr
    return json.loads(told.stdout)["training_id"], digest_of(path)


def _arrived(machines: Machines, version: int, announced: tuple[str, str], say: Say) -> None:
    training, digest = announced

    def judged() -> Any:
        found = machines.get("gauntlet", f"/v1/evaluations/{training}")
        return found if found and found["ended_at"] else None

    evaluation = machines.wait(judged)
    assert evaluation["state"] == "completed", evaluation["failure_reason"]

    def held() -> Any:
        nodes = machines.get("distribution", f"/v1/configurations/{HEX8}/availability") or {}
        return len(nodes) == len(NODES) and all(each["digest"] == digest for each in nodes.values())

    machines.wait(held)
    canonical = machines.get("promotion", f"/v1/configurations/{HEX8}/canonical")
    assert (canonical["version"], canonical["digest"]) == (version, digest), canonical
    games = ", ".join(f"{each['wins']}:{each['losses']} against {each['opponent']}" for each in evaluation["opponents"])
    say(f"{games}: version {version} is canonical, and on the disks of {', '.join(NODES)}")


def _nothing_shared(machines: Machines, say: Say) -> None:
    """Each node's file is the last model's, and no machine's settings name a folder of another."""
    for node in NODES:
        held = digest_of(machines.folder / node / "disk" / "models" / f"canonical_{HEX8}.pth")
        assert held == machines.get("promotion", f"/v1/configurations/{HEX8}/canonical")["digest"], node
    for name in machines.processes:
        others = [machines.folder / other for other in machines.processes if other != name]
        environ = Path(f"/proc/{machines.processes[name].pid}/environ").read_text()
        assert not any(f"{other}/" in environ for other in others), f"{name} is told of another machine's folder"
    say("no process was told of a folder of another machine")
