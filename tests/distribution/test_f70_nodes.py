"""Registering nodes, in pages: what is there is never overwritten by what only wants to be added."""

from functools import partial
from typing import Any

from tests.distribution.conftest import HEX8, Stage
from tests.kit.documented import complaint
from tests.kit.http_client import HTTP
from tests.kit.waiting import until


def asks(stage: Stage, method: str, path: str, body: Any) -> tuple[int, Any]:
    """Status and JSON of an answer, which is as its document says."""
    answer = HTTP.request(method, f"{stage.url}{path}", json=body)
    assert complaint("distribution", method, path, answer, answer.content) == ""
    return answer.status_code, answer.json()


def addresses(stage: Stage) -> dict[str, str]:
    """Where each registered node is, read page by page."""
    found: dict[str, str] = {}
    after = ""
    while True:
        page = stage.get(f"/v1/nodes?limit=1{after}")
        found |= {each["name"]: each["url"] for each in page["items"]}
        if page["next"] is None:
            return found
        after = f"&after={page['next']}"


def is_desired(stage: Stage, version: int) -> bool:
    """Whether nodes are to hold that version."""
    shown = stage.get("/status")["model_distribution"]["configurations"]
    return HEX8 in shown and shown[HEX8]["version"] == version


def test_f70_creating_does_not_overwrite(stage: Stage) -> None:
    """A name that is taken is refused and stays where it is; moving it is said with PUT, and a dry run registers nothing."""
    first, other = "http://127.0.0.1:9", "http://127.0.0.1:10"
    assert asks(stage, "POST", "/v1/nodes", {"name": "node-1", "url": first})[0] == 201
    assert asks(stage, "POST", "/v1/nodes", {"name": "node-1", "url": first})[0] == 201
    status, refused = asks(stage, "POST", "/v1/nodes", {"name": "node-1", "url": other})
    assert (status, refused["type"]) == (409, "urn:ringrift:problem:node-exists")
    assert first in refused["detail"]
    assert asks(stage, "POST", "/v1/nodes", {"name": "node-1", "url": other, "dry_run": True})[0] == 409
    assert asks(stage, "POST", "/v1/nodes", {"name": "node-2", "url": other, "dry_run": True})[0] == 201
    assert addresses(stage) == {"node-1": first}
    assert asks(stage, "PUT", "/v1/nodes/node-1", {"url": other}) == (200, {"url": other})
    assert asks(stage, "POST", "/v1/nodes", {"name": "node-2", "url": first})[0] == 201
    assert addresses(stage) == {"node-1": other, "node-2": first}


def test_deliveries_have_pages(stage: Stage) -> None:
    """Page by page they are those of one long page: newest version first, then by node."""
    for name in ("node-1", "node-2"):
        stage.register(name, "http://127.0.0.1:9")
    for version, content in ((1, b"first"), (2, b"second")):
        stage.promote(version, content)
        until(partial(is_desired, stage, version))
    everything = stage.get("/v1/deliveries")["items"]
    assert [(each["version"], each["node"]) for each in everything] == [
        (2, "node-1"),
        (2, "node-2"),
        (1, "node-1"),
        (1, "node-2"),
    ]
    pages: list[tuple[int, str]] = []
    after = ""
    while not pages or after:
        page = stage.get(f"/v1/deliveries?limit=1{after}")
        pages += [(each["version"], each["node"]) for each in page["items"]]
        after = f"&after={page['next']}" if page["next"] else ""
    assert pages == [(each["version"], each["node"]) for each in everything]
