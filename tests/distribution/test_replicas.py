"""Processes that are killed or frozen in the middle of a delivery: nothing is lost, said twice, or fetched anew."""

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local.ports import free_port
from local.process import Process
from tests.distribution.conftest import HEX8, Stage, megabytes, staged
from tests.distribution.test_service import sha
from tests.kit.http_client import HTTP
from tests.kit.narrow import Narrow
from tests.kit.processes import suite_process
from tests.kit.waiting import until

MB, RATE = 1 << 20, 1 << 20


@dataclass
class Replicas:
    """Two processes of the service behind one address, the first of which leads."""

    stage: Stage
    narrow: Narrow
    second: Process
    urls: tuple[str, str]

    def status(self, which: int) -> Any:
        """What a process says of the daemon; nothing while it does not answer."""
        try:
            return HTTP.get(f"{self.urls[which]}/status").json()["daemon"]
        except OSError:
            return {}

    def leads(self, which: int, asked: int) -> bool:
        """Whether the process `asked` says that the daemon runs in `which`."""
        said = self.status(asked)
        return bool(said) and (said["process"] or "").endswith(self.urls[which][-6:]) and said["status"] == "running"


@pytest.fixture
def narrow() -> Iterator[Narrow]:
    """The way from nodes to the service."""
    with Narrow([], RATE).open() as narrow:
        yield narrow


@pytest.fixture
def single(database_url: str, nats_url: str, tmp_path: Path, narrow: Narrow) -> Iterator[Stage]:
    """One process of the service, which nodes reach by the narrow way."""
    with staged(database_url, nats_url, tmp_path, {"DISTRIBUTION_URL": narrow.url}) as stage:
        narrow.ports = [_port(stage.url)]
        yield stage


@pytest.fixture
def replicas(database_url: str, nats_url: str, tmp_path: Path, narrow: Narrow) -> Iterator[Replicas]:
    """Two of them, and two nodes."""
    changed = {"DISTRIBUTION_URL": narrow.url, "LEADER_SECONDS": "2"}
    with staged(database_url, nats_url, tmp_path, changed) as stage, ExitStack() as stack:
        port = free_port()
        url, settings = f"http://127.0.0.1:{port}", {**stage.settings, "DISTRIBUTION_PORT": str(port)}
        second = suite_process("second", "services.distribution", settings, tmp_path)
        found = Replicas(stage, narrow, second, (stage.url, url))
        narrow.ports = [_port(stage.url), port]
        until(lambda: found.leads(0, asked=0))
        stack.callback(second.kill)
        second.start()
        second.wait_for_http(f"{url}/readyz", 60)
        for name in ("node-1", "node-2"):
            _add(stage, name, narrow)
        yield found


def _port(url: str) -> int:
    return int(url.rpartition(":")[2])


def _add(stage: Stage, name: str, narrow: Narrow) -> None:
    stage.make_agent(name, {"DISTRIBUTION_URL": narrow.url})
    stage.start_agent(name)
    stage.register(name, stage.urls[name])


def _said(url: str, kind: str) -> list[Any]:
    page = HTTP.get(f"{url}/v1/events?type=DISTRIBUTION_{kind}").json()
    return [(each["data"]["version"], each["data"]["nodes"]) for each in page["items"]]


def test_g12_a_leader_killed_in_mid_delivery_is_taken_over_from(replicas: Replicas) -> None:
    """The other goes on: both nodes get the rest of the bytes from it, and the distribution begins once and is completed once."""
    stage, narrow, (_, second) = replicas.stage, replicas.narrow, replicas.urls
    content = megabytes(4)
    stage.promote(1, content)
    until(lambda: narrow.passed > 4 * MB)
    assert replicas.leads(0, asked=1)
    stage.service.kill()
    stage.url = second
    stage.delivered(sha(content), "node-1", "node-2")
    assert {stage.file(name).read_bytes() == content for name in ("node-1", "node-2")} == {True}
    until(lambda: _said(second, "COMPLETED"))
    told = [(1, ["node-1", "node-2"])]
    assert (_said(second, "STARTED"), _said(second, "COMPLETED")) == (told, told)
    assert narrow.passed < 11 * MB
    assert replicas.leads(1, asked=1)


def test_g12_a_frozen_leader_is_taken_over_from_and_writes_nothing_more(replicas: Replicas) -> None:
    """Its lease runs out; what is promoted meanwhile arrives, and when it goes on it waits for its turn, and still answers
    and takes what people want."""
    stage, (first, second) = replicas.stage, replicas.urls
    pid = stage.service.pid
    assert pid
    os.kill(pid, signal.SIGSTOP)
    try:
        replicas.narrow.ports.reverse()
        stage.promote(1, b"first")
        stage.url = second
        stage.delivered(sha(b"first"), "node-1", "node-2")
        assert replicas.leads(1, asked=1)
    finally:
        os.kill(pid, signal.SIGCONT)
    until(lambda: '"leads no longer"' in stage.service.log_since_start())
    until(lambda: replicas.leads(1, asked=0))
    again = HTTP.post(f"{first}/admin/distribute-model", json={"configuration": HEX8})
    assert again.status_code == 202, again.text
    stage.url = first
    until(lambda: {each["state"] for each in stage.nodes().values()} == {"delivered"})
    until(lambda: len(_said(first, "COMPLETED")) == 2)
    gone = HTTP.delete(f"{first}/v1/nodes/node-2")
    assert gone.status_code == 204, gone.text
    until(lambda: list(replicas.status(1)["breakers"]) == ["node-1"])
    assert [version for version, _ in _said(second, "STARTED")] == [1, 1]


@pytest.mark.parametrize("victim", ["service", "node-1"])
def test_g12_killed_in_mid_transfer_it_goes_on_with_the_rest(single: Stage, narrow: Narrow, victim: str) -> None:
    """SIGKILL of the service, and of the agent: started again, what arrived is not fetched again, and nothing is said twice."""
    _add(single, "node-1", narrow)
    content = megabytes(4)
    single.promote(1, content)
    until(lambda: narrow.passed > 2 * MB)
    killed = single.service if victim == "service" else single.agents[victim]
    killed.kill()
    assert not single.file("node-1").exists()
    single.start() if victim == "service" else single.start_agent(victim)
    single.delivered(sha(content), "node-1")
    until(lambda: single.events("DISTRIBUTION_COMPLETED"))
    assert len(single.events("DISTRIBUTION_STARTED")) == len(single.events("DISTRIBUTION_COMPLETED")) == 1
    assert narrow.passed < 6 * MB
    assert single.nodes()["node-1"]["state"] == "delivered"
    assert HEX8 in single.get("/status")["model_distribution"]["configurations"]
