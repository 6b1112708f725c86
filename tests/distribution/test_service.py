"""Canonical versions on their way to every node: the service and its agents as real processes."""

import hashlib
import socket
from typing import Any

import pytest

from tests.distribution.conftest import HEX8, Stage, megabytes
from tests.kit.http_client import HTTP
from tests.kit.waiting import until


def sha(content: bytes) -> str:
    """The identity of a model."""
    return hashlib.sha256(content).hexdigest()


def test_a_promoted_model_arrives_on_every_node(stage: Stage) -> None:
    """Both nodes hold the bytes, and the distribution is complete and names them."""
    for name in ("node-1", "node-2"):
        stage.add_agent(name)
    stage.promote(1, b"first")
    stage.delivered(sha(b"first"), "node-1", "node-2")
    assert {stage.file(name).read_bytes() for name in ("node-1", "node-2")} == {b"first"}
    [done] = until(lambda: stage.events("DISTRIBUTION_COMPLETED"))
    assert (done["version"], done["nodes"]) == (1, ["node-1", "node-2"])
    assert stage.get("/status")["alive_peers"] == ["127.0.0.1", "127.0.0.1"]


def test_g03_repeated_and_late_events_change_nothing(stage: Stage) -> None:
    """Version 2 before version 1, and both twice: the nodes go to version 2, once, and stay there."""
    stage.add_agent("node-1")
    second = stage.promote(2, b"second")
    first = stage.promote(1, b"first")
    stage.promotion.feed += [second, first]
    stage.promote(3, b"third")
    stage.delivered(sha(b"third"), "node-1")
    assert [each["version"] for each in stage.events("DISTRIBUTION_STARTED")] == [2, 3]
    states = {item["version"]: item["state"] for item in stage.get("/v1/deliveries")["items"]}
    assert states[3] == "delivered"
    assert 1 not in states


@pytest.mark.parametrize("settings_changed", [{"DISTRIBUTION_TIMEOUT": "1.5"}])
def test_g11_a_node_that_lacks_the_model_is_named(stage: Stage) -> None:
    """One node is down: the other has the model, and the distribution has failed with the missing one's name and why."""
    stage.add_agent("node-1")
    stage.register("node-2", "http://127.0.0.1:9")
    stage.promote(1, b"first")
    stage.delivered(sha(b"first"), "node-1")
    [failed] = until(lambda: stage.events("DISTRIBUTION_FAILED"))
    assert failed["delivered"] == ["node-1"]
    assert list(failed["missing"]) == ["node-2"]
    assert "Connect" in failed["missing"]["node-2"]
    assert stage.events("DISTRIBUTION_COMPLETED") == []
    availability = stage.get(f"/v1/configurations/{HEX8}/availability")
    assert {name: each["has_model"] for name, each in availability.items()} == {"node-1": True, "node-2": False}


def test_g12_new_emptied_and_damaged_nodes_converge(stage: Stage) -> None:
    """One that joins late, one that lost its file and one whose bytes rot get the model without another event; damage is said."""
    stage.add_agent("node-1")
    stage.promote(1, b"first")
    stage.delivered(sha(b"first"), "node-1")
    stage.file("node-1").unlink()
    stage.add_agent("node-2")
    stage.delivered(sha(b"first"), "node-2")
    until(lambda: stage.file("node-1").exists() and stage.file("node-1").read_bytes() == b"first")
    stage.file("node-1").write_bytes(b"worst")
    until(lambda: stage.file("node-1").read_bytes() == b"first")
    until(lambda: {name: each["holds"] for name, each in stage.nodes().items()} == {"node-1": "ok", "node-2": "ok"})
    assert '"event": "damaged"' in stage.agents["node-1"].log_since_start()


def test_g13_a_node_that_hangs_delays_nobody(stage: Stage) -> None:
    """It accepts connections and says nothing: the other node gets the model, the breaker opens, and survives a restart."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        stage.register("node-2", f"http://127.0.0.1:{silent.getsockname()[1]}")
        stage.add_agent("node-1")
        stage.promote(1, b"first")
        stage.delivered(sha(b"first"), "node-1")
        assert "node-2" in stage.nodes()
    stage.move("node-2", "http://127.0.0.1:9")
    until(lambda: breaker(stage, "node-2") == "open")
    stage.wait_for_passes(3)  # it is kept when its visit has ended
    stage.service.kill()
    stage.start()
    assert breaker(stage, "node-2") in ("open", "half_open")
    assert breaker(stage, "node-1") == "closed"


def breaker(stage: Stage, name: str) -> Any:
    """The state of a node's breaker."""
    return {node["name"]: node["breaker"] for node in stage.get("/v1/nodes")["items"]}[name]


def test_g13_our_own_faults_do_not_count_against_a_node(stage: Stage) -> None:
    """The artifact is missing here: the delivery waits with that reason, the breaker stays closed, and then it goes on."""
    stage.add_agent("node-1")
    stage.take_in(b"first")
    artifact = stage.store.path(sha(b"first"))
    hidden = artifact.rename(stage.folder / "hidden")
    stage.say_promoted(1, sha(b"first"), 5)
    until(lambda: "no undamaged copy" in (stage.nodes().get("node-1", {}).get("detail") or ""))
    stage.wait_for_passes(5)
    assert stage.nodes()["node-1"]["state"] == "pending"
    assert breaker(stage, "node-1") == "closed"
    hidden.rename(artifact)
    stage.delivered(sha(b"first"), "node-1")


def test_g13_a_node_under_another_name_is_named_and_not_counted(stage: Stage) -> None:
    """The agent at the address calls itself otherwise: the operator's mistake is shown, and opens no breaker."""
    stage.add_agent("node-1")
    stage.register("node-9", stage.urls["node-1"])
    stage.promote(1, b"first")
    stage.delivered(sha(b"first"), "node-1")
    stage.wait_for_passes(5)
    availability = stage.get(f"/v1/configurations/{HEX8}/availability")
    assert "calls itself 'node-1'" in availability["node-9"]["reason"]
    assert breaker(stage, "node-9") == "closed"


def test_g13_a_full_disk_is_named_and_not_counted(stage: Stage) -> None:
    """One node's disk takes no more than 4 MiB of a file: it is named with the reason, and the other has the model."""
    stage.add_agent("node-1", largest_file=4096)
    stage.add_agent("node-2")
    large = megabytes(8)
    stage.promote(1, large)
    stage.delivered(sha(large), "node-2")
    until(lambda: "File too large" in (stage.nodes()["node-1"]["detail"] or ""))
    assert breaker(stage, "node-1") == "closed"
    assert not stage.file("node-1").exists()


@pytest.mark.parametrize("victim", ["node-1", "distribution"])
def test_g12_killed_in_mid_transfer(stage: Stage, victim: str) -> None:
    """SIGKILL of the agent or the service while bytes arrive: what was delivered stays whole, and the rest follows."""
    stage.add_agent("node-1")
    stage.promote(1, b"first")
    stage.delivered(sha(b"first"), "node-1")
    large = megabytes(192)
    stage.promote(2, large)
    parts = stage.folder / "node-1" / "parts" / HEX8
    until(lambda: any(part.stat().st_size > 0 for part in parts.glob("*.part")))
    if victim == "distribution":
        stage.service.kill()
        assert stage.file("node-1").read_bytes() in (b"first", large)
        stage.start()
    else:
        stage.agents["node-1"].kill()
        assert stage.file("node-1").read_bytes() in (b"first", large)
        stage.start_agent("node-1")
    stage.delivered(sha(large), "node-1")
    assert sha(stage.file("node-1").read_bytes()) == sha(large)
    assert not list(parts.glob("*.part"))


BAD_REQUESTS: list[tuple[str, str, Any, int]] = [
    ("POST", "/v1/nodes", {"name": "../x", "url": "http://127.0.0.1:1"}, 422),
    ("POST", "/v1/nodes", {"name": "node-1", "url": "file:///etc/passwd"}, 422),
    ("POST", "/v1/nodes/join", {"name": "node-1", "url": "file:///etc/passwd", "instance": "0" * 32}, 422),
    ("POST", "/v1/nodes/join", {"name": "node-1", "port": 0, "instance": "0" * 32}, 422),
    ("POST", "/v1/nodes/join", {"name": "node-1", "instance": "me"}, 422),
    ("POST", "/v1/nodes", {"name": "node-1", "url": "http://127.0.0.1:1", "weight": 3}, 422),
    ("DELETE", "/v1/nodes/nobody", None, 404),
    ("POST", "/v1/nodes/nobody/isolation", {"reason": "x"}, 404),
    ("POST", "/v1/nodes/nobody/isolation", {"reason": ""}, 422),
    ("DELETE", "/v1/nodes/nobody/isolation", None, 404),
    ("PUT", "/v1/nodes/nobody", {"url": "http://127.0.0.1:1"}, 404),
    ("PUT", "/v1/nodes/nobody", {"url": "file:///etc/passwd"}, 422),
    ("GET", "/v1/artifacts/" + "0" * 64, None, 404),
    ("GET", "/v1/artifacts/..%2f..%2fsecret", None, 404),
    ("GET", "/v1/artifacts/short", None, 422),
    ("GET", "/v1/configurations/hex8_2p/availability", None, 404),
    ("GET", "/v1/configurations/hex9_2p/availability", None, 422),
    ("POST", "/admin/distribute-model", {"model_path": "models/mine.pth"}, 422),
    ("POST", "/admin/distribute-model", {"model_path": "models/canonical_hex8_2p.pth"}, 404),
    ("GET", "/v1/deliveries?limit=0", None, 422),
]


def test_bad_input_is_answered_with_a_problem(stage: Stage) -> None:
    """Every bad request has its status and a text, and none disturbs the service."""
    for method, path, body, status in BAD_REQUESTS:
        answer = HTTP.request(method, stage.url + path, json=body)
        assert answer.status_code == status, (path, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["detail"], path
    assert stage.get("/v1/nodes")["items"] == []
    assert stage.get("/readyz")["status"] == "ready"


def test_f04_damaged_bytes_are_given_to_nobody(stage: Stage) -> None:
    """Not to a node, which says why it has nothing, nor to who asks by digest; the good file mends both."""
    stage.add_agent("node-1")
    artifact = stage.take_in(b"first")
    path = stage.store.path(artifact.digest)
    path.chmod(0o644)
    path.write_bytes(b"fIrst")
    address = f"{stage.url}/v1/artifacts/{artifact.digest}"
    assert HTTP.get(address).status_code == 404
    stage.say_promoted(1, artifact.digest, artifact.size)
    until(lambda: "no undamaged copy" in str(stage.nodes().get("node-1", {}).get("detail")))
    stage.take_in(b"first")
    stage.delivered(artifact.digest, "node-1")
    assert HTTP.get(address).content == b"first"


def test_f55_the_second_door_moves_nothing(stage: Stage) -> None:
    """A version and a digest that only a caller names reach no node, and the ledger's next version reaches every one."""
    stage.add_agent("node-1")
    stage.promote(1, b"first")
    stage.delivered(sha(b"first"), "node-1")
    body = {"configuration": HEX8, "version": 9000, "digest": stage.take_in(b"other").digest}
    answer = HTTP.post(f"{stage.url}/admin/distribute-model", json=body)
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:ringrift:problem:not-known-yet")
    body = {"configuration": HEX8, "version": 1, "digest": sha(b"other")}
    answer = HTTP.post(f"{stage.url}/admin/distribute-model", json=body)
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:ringrift:problem:not-canonical")
    assert sha(b"first") in answer.json()["detail"]
    assert sha(b"other") in answer.json()["detail"]
    stage.promote(2, b"second")
    stage.delivered(sha(b"second"), "node-1")
    assert stage.get("/status")["model_distribution"]["configurations"][HEX8]["version"] == 2


def test_f55_a_ledger_that_differs_is_shown(stage: Stage) -> None:
    """The feed does not bring what the ledger names: status, readiness and figures say so, and nothing is done about it."""
    stage.promote(1, b"first")
    stage.promotion.ledger = [{"configuration": HEX8, "version": 1, "digest": sha(b"first")}]
    until(lambda: stage.get("/status")["ledger"]["agrees"])
    stage.promotion.ledger = [{"configuration": HEX8, "version": 2, "digest": sha(b"second")}]
    until(lambda: stage.get("/status")["ledger"]["agrees"] is False)
    [difference] = stage.get("/status")["ledger"]["differences"]
    assert (difference["ledger"]["version"], difference["here"]["version"]) == (2, 1)
    readiness = HTTP.get(f"{stage.url}/readyz")
    assert (readiness.status_code, "the ledger has version 2" in readiness.json()["detail"]) == (503, True)
    assert "ringrift_ledger_differences 1.0" in HTTP.get(f"{stage.url}/metrics").text
    assert stage.get("/status")["model_distribution"]["configurations"][HEX8]["version"] == 1
    stage.promote(2, b"second")
    until(lambda: stage.get("/status")["ledger"]["agrees"])
    assert stage.get("/readyz")["checks"]["ledger"] == "ok"


def test_distribute_model_makes_every_node_prove_it_again(stage: Stage) -> None:
    """The runbook's route reopens the deliveries of the canonical version."""
    stage.add_agent("node-1")
    stage.promote(1, b"first")
    stage.delivered(sha(b"first"), "node-1")
    answer = HTTP.post(f"{stage.url}/admin/distribute-model", json={"model_path": "models/canonical_hex8_2p.pth"})
    assert (answer.status_code, answer.json()["nodes"]) == (202, ["node-1"])
    until(lambda: len(stage.events("DISTRIBUTION_COMPLETED")) == 2)
