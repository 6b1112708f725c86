"""Nodes that answer so as to cost the distribution service memory or time, and an environment that names a proxy."""

import contextlib
import re
import time
from pathlib import Path

import pytest

from local.ports import free_port
from tests.distribution.conftest import Stage
from tests.kit.hostile import ANSWERS, hostile
from tests.kit.http_client import HTTP
from tests.kit.processes import suite_process
from tests.kit.waiting import until

MOST_MEGABYTES = 60
SAYS = {"gzip-bomb": "encoded", "endless": "more than 1048576 bytes", "slow-body": "complete", "slow-head": "complete"}


def most_megabytes(stage: Stage) -> float:
    """The most memory that the service's process ever held."""
    status = Path(f"/proc/{stage.service.pid}/status").read_text()
    [kilobytes] = re.findall(r"VmHWM:\s+(\d+) kB", status)
    return int(kilobytes) / 1024


def unreached(stage: Stage) -> dict[str, str]:
    """Why each node could not be visited."""
    return {node["name"]: node["unreached"] or "" for node in stage.get("/v1/nodes")["items"]}


@pytest.mark.parametrize("settings_changed", [{"HTTP_SECONDS": "2"}])
def test_f59_hostile_answers_of_nodes_cost_neither_memory_nor_time(stage: Stage) -> None:
    """While four nodes send bombs, never end, or trickle, a good one is delivered to and the service answers at once."""
    stage.add_agent("good")
    before = most_megabytes(stage)
    with contextlib.ExitStack() as stack:
        for kind in ANSWERS:
            stage.register(kind, stack.enter_context(hostile(kind)))
        event = stage.promote(1, b"first")
        stage.delivered(event.data.digest, "good")  # type: ignore[attr-defined]
        slowest = 0.0

        def all_failed() -> bool:
            nonlocal slowest
            started = time.monotonic()
            assert HTTP.get(f"{stage.url}/livez", timeout=10).status_code == 200
            slowest = max(slowest, time.monotonic() - started)
            said = unreached(stage)
            return all(SAYS[kind] in said[kind] for kind in ANSWERS)

        until(all_failed, 30, lambda: str(unreached(stage)))
    assert most_megabytes(stage) - before < MOST_MEGABYTES
    assert slowest < 3


def test_f19_a_proxy_in_the_environment_is_not_used(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """HTTP_PROXY names a proxy that is dead; the feed is read, the node is visited, and the node fetches the model."""
    stage.service.kill()
    port = free_port()
    stage.urls["good"] = f"http://127.0.0.1:{port}"
    agent = {
        "AGENT_NODE": "good", "AGENT_PORT": str(port), "AGENT_DIR": str(stage.folder / "good"), "DISTRIBUTION_URL": stage.url,
        "AGENT_TRANSPORT": "http",
    }  # fmt: skip
    with monkeypatch.context() as environment:
        for name in ("HTTP_PROXY", "http_proxy"):
            environment.setenv(name, "http://127.0.0.1:9")
        service = suite_process("distribution", "services.distribution", stage.settings, stage.folder)
        stage.agents["good"] = suite_process("good", "services.distribution.agent", agent, stage.folder)
    with service:
        service.wait_for_http(f"{stage.url}/readyz", 60)
        stage.start_agent("good")
        stage.register("good", stage.urls["good"])
        event = stage.promote(1, b"first")
        stage.delivered(event.data.digest, "good")  # type: ignore[attr-defined]
