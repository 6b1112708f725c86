"""Who may do what at the front door: every operation shows the scope that it needs, and asks for it. No server is needed."""

from __future__ import annotations

import hashlib
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.promotion.app import create_app
from services.promotion.settings import PromotionSettings
from shared.process.credentials import SCOPES
from tests.promotion.test_front_door import is_problem

KEYS = tuple(f"{scope}:{scope}:{hashlib.sha256(scope.encode()).hexdigest()}" for scope in SCOPES)
UNREACHABLE = "postgresql+asyncpg://u:p@127.0.0.1:9/db"
HEALTH = {"/", "/livez", "/readyz"}
CHANGES = (
    ("POST", "/admin/promote"),
    ("POST", "/admin/distribute-model"),
    ("POST", "/v1/configurations/hex8_2p/rollback"),
    ("POST", "/v1/dead-letters/1/replay"),
    ("POST", "/v1/retention"),
)


@pytest.fixture
def app() -> FastAPI:
    """A service with a key for each scope, and nothing behind it."""
    return create_app(PromotionSettings(database_url=UNREACHABLE, api_keys=KEYS))


async def answer(app: FastAPI, method: str, path: str, key: str | None) -> httpx.Response:
    """The answer to an empty request with a key."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://promotion") as client:
        return await client.request(method, path, headers=headers, content=b"{}")


def test_every_operation_shows_its_scope(app: FastAPI) -> None:
    """What changes something needs `operate`, everything else but health `read`."""
    for path, operations in app.openapi()["paths"].items():
        for method, operation in operations.items():
            security: list[dict[str, Any]] = operation.get("security", [])
            needed = {scope for each in security for scope in each["api_key"]}
            wanted = {"read", "operate"} if method == "post" else set() if path in HEALTH else {"read"}
            assert needed == wanted, (method, path)


def test_every_change_is_tried_here(app: FastAPI) -> None:
    """No operation that changes something is left out below."""
    shown = {path for path, operations in app.openapi()["paths"].items() if "post" in operations}
    tried = {path.replace("hex8_2p", "{configuration}").replace("/1/", "/{letter_id}/") for _, path in CHANGES}
    assert tried == shown


@pytest.mark.parametrize(("method", "path"), CHANGES)
async def test_a_change_needs_the_scope_operate(app: FastAPI, method: str, path: str) -> None:
    """Without a key, or with a wrong one, 401; with one for anything else 403, before the body is looked at."""
    is_problem(await answer(app, method, path, None), 401, "unauthorized", "Authorization: Bearer KEY")
    is_problem(await answer(app, method, path, "guessed"), 401, "unauthorized", "Authorization: Bearer KEY")
    is_problem(await answer(app, method, path, "read"), 403, "forbidden", "good for node, read, trainings; operate is")
    for key in ("node", "train"):
        is_problem(await answer(app, method, path, key), 403, "forbidden", "read is needed")
    assert (await answer(app, method, path, "operate")).status_code in (422, 503)


@pytest.mark.parametrize("path", ["/status", "/v1/configurations/hex8_2p/policy", "/v1/decisions", "/v1/events"])
async def test_reading_needs_a_key(app: FastAPI, path: str) -> None:
    """The ledger is nobody's but the key holders'."""
    is_problem(await answer(app, "GET", path, None), 401, "unauthorized", "Authorization: Bearer KEY")
    for key in ("node", "train"):
        is_problem(await answer(app, "GET", path, key), 403, "forbidden", "read is needed")
    is_problem(await answer(app, "GET", path, "read"), 503, "dependency-unavailable", "cannot be reached")
