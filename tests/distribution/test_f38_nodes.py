"""Nodes that RINGRIFT_NODES names are registered at each start, but for those that an operator deleted."""

from pathlib import Path

from local.ports import free_port
from local.postgres import Postgres
from tests.kit.http_client import HTTP
from tests.kit.processes import suite_process
from tests.kit.waiting import until


def nodes(url: str) -> list[str]:
    """The names of the registered nodes."""
    return [node["name"] for node in HTTP.get(f"{url}/v1/nodes").json()["items"]]


def last_pass(url: str) -> str | None:
    """When the daemon last looked at every node, if the service can say so now."""
    answer = HTTP.get(f"{url}/status")
    return str(answer.json()["daemon"]["last_pass_at"]) if answer.status_code == 200 else None


def test_f38_a_deleted_node_does_not_come_back(
    postgres: Postgres, database_url: str, nats_url: str, tmp_path: Path
) -> None:
    """The daemon fails with the database and is started again, so is the process: the node stays deleted, until POST wants it."""
    port = free_port()
    url, database = f"http://127.0.0.1:{port}", database_url.rpartition("/")[2]
    listed = ",".join(f"node-{number}=http://127.0.0.1:{free_port()}" for number in (1, 2))
    settings = {
        "DATABASE_URL": database_url, "NATS_URL": nats_url, "NODES": listed, "DISTRIBUTION_PORT": str(port),
        "RECONCILE_SECONDS": "0.2", "ARTIFACTS_DIR": str(tmp_path / "artifacts"),
    }  # fmt: skip
    with suite_process("distribution", "services.distribution", settings, tmp_path) as service:
        service.wait_for_http(f"{url}/readyz")
        until(lambda: nodes(url) == ["node-1", "node-2"])
        HTTP.delete(f"{url}/v1/nodes/node-1").raise_for_status()
        ended = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"
        until(
            lambda: postgres.execute(ended) and '"loop": "daemon"' in service.log_since_start(),
            explain=service.log_tail,
        )
        before = last_pass(url)
        until(lambda: last_pass(url) not in (None, before), explain=service.log_tail)
        assert nodes(url) == ["node-2"]
        service.kill()
        service.start()
        service.wait_for_http(f"{url}/readyz")
        until(lambda: last_pass(url) is not None, explain=service.log_tail)
        assert nodes(url) == ["node-2"]
        assert '"event": "node stays deleted"' in service.log_since_start()
        HTTP.post(f"{url}/v1/nodes", json={"name": "node-1", "url": "http://127.0.0.1:9"}).raise_for_status()
        assert nodes(url) == ["node-1", "node-2"]
