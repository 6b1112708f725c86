"""Who may call the distribution service and an agent: a key that may read changes nothing."""

import hashlib
import re
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from services.distribution.agent.app import create_app as create_agent
from services.distribution.agent.settings import AgentSettings
from services.distribution.app import create_app
from services.distribution.settings import DistributionSettings
from shared.process.credentials import SCOPES

KEYS = tuple(f"{scope}:{scope}:{hashlib.sha256(scope.encode()).hexdigest()}" for scope in SCOPES)
OPEN = ("/", "/livez", "/readyz", "/health")
SLOW = "/readyz"
"""Waits for servers that are not there."""


@pytest.fixture(params=["distribution", "agent"])
def app(request: pytest.FixtureRequest, tmp_path: Path) -> FastAPI:
    """Each process in turn, with a key that may read and one that may operate; not running."""
    if request.param == "agent":
        return create_agent(AgentSettings(agent_node="node-1", agent_dir=tmp_path, api_keys=KEYS))
    url = "postgresql+asyncpg://u:p@127.0.0.1:1/db"
    return create_app(DistributionSettings(database_url=url, artifacts_dir=tmp_path, api_keys=KEYS))


def operations(app: FastAPI) -> list[tuple[str, str]]:
    """Every documented operation: method and an address of its kind."""
    paths = app.openapi()["paths"]
    found = [(method.upper(), re.sub(r"\{\w+\}", "x", path)) for path, methods in paths.items() for method in methods]
    return [(method, path) for method, path in found if path != SLOW]


async def ask(app: FastAPI, method: str, path: str, key: str | None) -> httpx.Response:
    """The answer to a request without a body."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://here", headers=headers) as client:
        return await client.request(method, path)


async def test_without_a_key_only_health_is_answered(app: FastAPI) -> None:
    """Everything else is 401, whether it exists or not."""
    for method, path in [*operations(app), ("GET", "/v1/nothing")]:
        for key in (None, "wrong"):
            answer = await ask(app, method, path, key)
            assert (answer.status_code == 401) == (path not in OPEN), (method, path)


async def test_what_changes_something_needs_operate(app: FastAPI) -> None:
    """A key that may read gets 403 from every route that is no GET, before its request is looked at; none may order a node."""
    for method, path in operations(app):
        answer = await ask(app, method, path, "read")
        assert (answer.status_code == 403) == (method != "GET"), (method, path)
        answer = await ask(app, method, path, "operate")
        assert (answer.status_code in (401, 403)) == path.startswith("/v1/models/"), (method, path)


async def test_f58_a_nodes_key_fetches_artifacts_and_nothing_else(app: FastAPI) -> None:
    """Of all operations only those are not refused that fetching needs, and what is open to everybody."""
    fetching = {"/v1/artifacts/x", "/v1/artifacts/x/torrent", "/v1/swarm/addresses", "/v1/signed-pointer/x"}
    reached = await reached_by(app, "node")
    assert reached == (fetching if "/v1/artifacts/{digest}" in app.openapi()["paths"] else set())


async def test_f58_a_trainers_key_is_good_for_nothing_here(app: FastAPI) -> None:
    """Trainings are the gauntlet's."""
    assert not await reached_by(app, "train")


async def test_f58_a_join_token_registers_nodes_and_nothing_else(tmp_path: Path) -> None:
    """Of all operations of the distribution service only that one; and there it is one of several, while they are changed."""
    url = "postgresql+asyncpg://u:p@127.0.0.1:1/db"
    settings = DistributionSettings(
        database_url=url, artifacts_dir=tmp_path, api_keys=KEYS, join_token=("the-former-token-1", "the-present-token")
    )
    app = create_app(settings)
    for token in settings.join_token:
        assert await reached_by(app, token) == {"/v1/nodes/join"}
    assert "/v1/nodes/join" not in await reached_by(app, "node")


async def reached_by(app: FastAPI, key: str) -> set[str]:
    """The paths of all operations that a key is not refused at, but for those that are open to everybody."""
    reached = {path for method, path in operations(app) if (await ask(app, method, path, key)).status_code != 403}
    return reached - set(OPEN)


def test_openapi_says_which_scope_each_operation_needs(app: FastAPI) -> None:
    """Generated clients and /docs know it from the document."""
    for path, methods in app.openapi()["paths"].items():
        for method, operation in methods.items():
            scopes = {scope for need in operation.get("security", []) for scope in need.get("api_key", [])}
            assert bool(operation.get("security")) == (path not in OPEN), path
            changes = bool(scopes & {"join", "operate", "order"})
            assert changes == (method != "get") or not scopes, (method, path)
