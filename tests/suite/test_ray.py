"""Workers as actors of a real Ray cluster of three nodes, one of which is lost in the middle of an evaluation.

Needs the extra `ray`, which is large and belongs to no other test: CONTRIBUTING says how to run this one.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from local.process import Process
from tests.kit.http_client import HTTP
from tests.kit.operator import Operator, running_suite
from tests.kit.processes import ROOT, environment

pytest.importorskip("ray", reason="needs the extra ray")

SUITE = {"GAUNTLET_WORKERS": "0", "AUTO_PROMOTE": "false", "GAUNTLET_LEASE_SECONDS": "5"}
OBJECT_BYTES = 80 * 1024 * 1024
"""The least that a node takes for objects, of which workers have none."""
ACTORS, GAMES = 2, 300


@pytest.fixture(scope="module")
def operator() -> Iterator[Operator]:
    """The operator of a suite that plays nothing itself."""
    with running_suite(SUITE) as operator:
        yield operator


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A head that plays nothing, and two nodes with a core each."""
    from ray.cluster_utils import Cluster

    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    head = {"num_cpus": 0, "include_dashboard": False, "object_store_memory": OBJECT_BYTES}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    try:
        yield cluster
    finally:
        cluster.shutdown()


@contextmanager
def workers(operator: Operator, cluster: Any, folder: Path) -> Iterator[Process]:
    """The command that keeps an actor for each node playing; it ends well."""
    options = ["--gauntlet", operator.suite.addresses.url("gauntlet"), "--ray", cluster.address, "--count", str(ACTORS)]
    command = [sys.executable, "-c", "from cli.main import app; app()", "gauntlet-worker", *options]
    settings = environment({"WORKER_CACHE_DIR": str(folder / "models"), "GAUNTLET_LANES": "16"})
    with Process("ray workers", command, log=folder / "workers.log", env=settings, cwd=ROOT, grace=60) as process:
        yield process
    assert process.exit_code == 0, process.log_tail()


def waiting(operator: Operator, command: Process) -> bool:
    """Whether every actor waits for work."""
    assert command.running, command.log_tail()
    backlog = operator.get("gauntlet", "/v1/work/backlog")
    return bool(backlog) and backlog["waiting_workers"] == ACTORS


def test_a_lost_node_of_a_ray_cluster_changes_no_game(operator: Operator, cluster: Any, tmp_path: Path) -> None:
    """Its worker goes on on a new node, and the evaluation ends with the games and the verdict of one that nobody disturbed."""
    url = operator.suite.addresses.url("gauntlet")
    node(cluster), (lost := node(cluster))
    with workers(operator, cluster, tmp_path) as command:
        operator.eventually(lambda: waiting(operator, command))
        operator.training_completed("trained")
        body = {"board_type": "hex8", "num_players": 2, "model_path": "models/trained.pth", "games": GAMES}
        evaluation = str(HTTP.post(f"{url}/v1/evaluations", json=body, timeout=60).json()["id"])
        operator.eventually(lambda: recorded(operator, evaluation))
        cluster.remove_node(lost, allow_graceful=False)
        node(cluster)
        data = operator.eventually(lambda: operator.completed(evaluation))
        operator.eventually(lambda: waiting(operator, command))
    found = HTTP.get(f"{url}/v1/evaluations/{evaluation}/verification", timeout=300).json()
    assert found["holds"], found
    assert found["identical"] == sum(each["games"] for each in data["evidence"]["opponents"])
    assert operator.get("gauntlet", f"/v1/evaluations/{evaluation}")["attempts"] == 0


def node(cluster: Any) -> Any:
    """A new node of one core."""
    return cluster.add_node(num_cpus=1, object_store_memory=OBJECT_BYTES)


def recorded(operator: Operator, evaluation: str) -> bool:
    """Whether games of it are recorded, and not all of them."""
    found = operator.get("gauntlet", f"/v1/evaluations/{evaluation}")
    assert found is None or found["state"] != "completed", "it was over before a node was lost"
    return bool(found) and any(each["games"] for each in found["opponents"])
