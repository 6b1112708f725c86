"""Eight agents that fetch a model from each other, as processes with addresses of their own; each test promotes another model."""

import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.nats import Nats
from local.postgres import Postgres
from tests.distribution.conftest import HEX8, Stage, staged
from tests.distribution.liar import lying_peer
from tests.kit.http_client import HTTP
from tests.kit.servers import Databases
from tests.kit.waiting import until

MB = 1 << 20
NAMES = [f"node-{number}" for number in range(1, 9)]
SEED_BYTES = 3 * MB
PATIENCE = 240


@pytest.fixture(scope="module")
def swarm(
    postgres: Postgres, database_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:  # fmt: skip
    """A service that gives a few megabytes a second, and eight nodes that have answered it."""
    folder, databases = tmp_path_factory.mktemp("swarm"), Databases(postgres)
    changed = {
        "DISTRIBUTION_TRANSPORT": "swarm", "SEED_PORT": "0", "SEED_BYTES": str(SEED_BYTES), "SWARM_SMALLEST_BYTES": str(MB),
    }  # fmt: skip
    with (
        Nats(folder / "nats", durable=False) as nats,
        staged(databases.make(database_template), nats.url, folder, changed) as stage,
    ):
        for number, name in enumerate(NAMES, start=1):
            own = {"HOST": f"127.1.0.{number}", "AGENT_TRANSPORT": "swarm", "AGENT_SWARM_PORT": "0"}
            stage.make_agent(name, own)
            stage.agents[name].start()
        for name in NAMES:
            stage.agents[name].wait_for_http(f"{stage.urls[name]}/health", 120)
            stage.register(name, stage.urls[name])
        until(lambda: sum(node["reported_at"] is not None for node in stage.get("/v1/nodes")["items"]) == 8)
        yield stage
    databases.drop_all()


@pytest.fixture
def version(swarm: Stage) -> int:
    """A version that was not promoted yet."""
    known = swarm.get("/status")["model_distribution"]["configurations"].get(HEX8)
    return known["version"] + 1 if known else 1


def deliveries(stage: Stage, version: int) -> dict[str, Any]:
    """The deliveries of a version, by node."""
    items = stage.get(f"/v1/deliveries?configuration={HEX8}")["items"]
    return {each["node"]: each for each in items if each["version"] == version}


def arrived(stage: Stage, version: int, content: bytes) -> dict[str, Any]:
    """The deliveries, once every node has the bytes."""

    def everywhere() -> bool:
        found = deliveries(stage, version)
        return all(found.get(name, {}).get("state") == "delivered" for name in NAMES)

    until(everywhere, PATIENCE)
    for name in NAMES:
        assert stage.file(name).read_bytes() == content
    return deliveries(stage, version)


def test_the_service_sends_far_less_than_a_copy_to_each(swarm: Stage, version: int) -> None:
    """Eight nodes get a model for which the service sends about one or two copies; who sent how much is told."""
    content = secrets.token_bytes(16 * MB)
    swarm.promote(version, content)
    found = arrived(swarm, version, content)
    sent = sum(found[name]["from_service"] for name in NAMES)
    assert len(content) <= sent < 4 * len(content)
    assert all(found[name]["from_peers"] > MB for name in NAMES)
    assert all((swarm.folder / name / "swarm").iterdir() for name in NAMES)


def test_a_killed_agent_goes_on_with_what_it_has(swarm: Stage, version: int) -> None:
    """Killed midway, it checks the pieces on its disk and fetches the others; started again, it gives the model to whoever asks."""
    content = secrets.token_bytes(16 * MB)
    swarm.promote(version, content)
    victim = NAMES[0]

    def half() -> bool:
        fetch = HTTP.get(f"{swarm.urls[victim]}/v1/models").json()["fetches"].get(HEX8, {})
        return bool(fetch.get("version") == version and fetch["bytes_done"] > 6 * MB)

    until(half, PATIENCE)
    swarm.agents[victim].kill()
    swarm.start_agent(victim)
    found = arrived(swarm, version, content)
    assert found[victim]["from_peers"] + found[victim]["from_service"] < 14 * MB
    swarm.agents[victim].kill()
    swarm.start_agent(victim)
    [*_, said] = [line for line in swarm.agents[victim].log.read_text().splitlines() if '"event": "swarm"' in line]
    assert json.loads(said)["shared"] == [found[victim]["digest"]]


def test_a_peer_that_lies_is_not_believed(swarm: Stage, version: int, tmp_path: Path) -> None:
    """A registered node gives other bytes than it should: its pieces are refused, and the model arrives."""
    content = secrets.token_bytes(16 * MB)
    with lying_peer(content, tmp_path, "127.1.0.99") as url:
        swarm.register("liar", url)
        swarm.wait_for_passes(3)
        swarm.promote(version, content)
        arrived(swarm, version, content)
    assert HTTP.delete(f"{swarm.url}/v1/nodes/liar").status_code == 204
    logs = [(swarm.folder / f"{name}.log").read_text() for name in NAMES]
    assert any("piece refused" in log for log in logs)
