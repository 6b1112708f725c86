"""Who may do what at the front door: every operation shows the scope that it needs, and asks for it. No server is needed."""

from __future__ import annotations

import hashlib
import re
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
DIGEST, DECISION, KEY_ID = "0" * 64, "00000000-0000-0000-0000-000000000000", "0" * 8
FORCED = "/v1/epochs"
WITHOUT_EFFECT = {"/v1/decisions/{decision_id}/rejudge"}
WEBHOOK = "00000000-0000-0000-0000-000000000001"
HEALTH = {"/", "/livez", "/readyz"}
CHANGES = (
    ("POST", "/admin/promote"),
    ("POST", "/admin/distribute-model"),
    ("POST", "/v1/configurations/hex8_2p/rollback"),
    ("PUT", "/v1/configurations/hex8_2p/pause"),
    ("DELETE", "/v1/configurations/hex8_2p/pause"),
    ("PUT", "/v1/configurations/hex8_2p/pin"),
    ("DELETE", "/v1/configurations/hex8_2p/pin"),
    ("PUT", f"/v1/configurations/hex8_2p/marks/{DIGEST}"),
    ("DELETE", f"/v1/configurations/hex8_2p/marks/{DIGEST}"),
    ("POST", f"/v1/decisions/{DECISION}/approve"),
    ("POST", f"/v1/decisions/{DECISION}/reject"),
    ("PUT", "/v1/policies/hex8_2p"),
    ("DELETE", "/v1/policies/hex8_2p"),
    ("POST", "/v1/dead-letters/1/replay"),
    ("POST", "/v1/retention"),
    ("POST", "/v1/artifacts/collection"),
    ("POST", "/v1/keys"),
    ("DELETE", f"/v1/keys/{KEY_ID}"),
    ("GET", "/v1/webhooks"),
    ("POST", "/v1/webhooks"),
    ("DELETE", f"/v1/webhooks/{WEBHOOK}"),
    ("POST", f"/v1/webhooks/{WEBHOOK}/replay"),
    ("GET", f"/v1/webhooks/{WEBHOOK}/notices"),
)


def needs_operate(method: str, path: str) -> bool:
    """Whether a key for reading is not enough: for a change, and for receivers, whose addresses are secrets."""
    return (method.lower() != "get" and path not in WITHOUT_EFFECT) or path.startswith("/v1/webhooks")


@pytest.fixture
def app() -> FastAPI:
    """A service with a key for each scope, and nothing behind it."""
    return create_app(PromotionSettings(database_url=UNREACHABLE, api_keys=KEYS))


async def answer(app: FastAPI, method: str, path: str, key: str | None, body: Any = None) -> httpx.Response:
    """The answer to a request with a key, empty unless it has a body."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://promotion") as client:
        return await client.request(method, path, headers=headers, json=body or {})


def test_every_operation_shows_its_scope(app: FastAPI) -> None:
    """What changes something needs `operate`, everything else but health `read`."""
    for path, operations in app.openapi()["paths"].items():
        for method, operation in operations.items():
            security: list[dict[str, Any]] = operation.get("security", [])
            needed = {scope for each in security for scope in each["api_key"]}
            wanted = {"read", "operate"} if needs_operate(method, path) else set() if path in HEALTH else {"read"}
            wanted = {"read", "force"} if (method, path) == ("post", FORCED) else wanted
            assert needed == wanted, (method, path)


def test_every_change_is_tried_here(app: FastAPI) -> None:
    """No operation that changes something is left out below."""
    documented = app.openapi()["paths"].items()
    shown = {
        (method.upper(), path)
        for path, operations in documented
        for method in operations
        if needs_operate(method, path) and path != FORCED
    }
    tried: tuple[tuple[str, str], ...] = CHANGES
    for given, name in (
        ("hex8_2p", "configuration"),
        ("1", "letter_id"),
        (DIGEST, "digest"),
        (DECISION, "decision_id"),
        (KEY_ID, "key_id"),
        (WEBHOOK, "webhook_id"),
    ):
        tried = tuple((method, re.sub(rf"(?<=/){given}(?=/|$)", f"{{{name}}}", path)) for method, path in tried)
    assert set(tried) == shown


@pytest.mark.parametrize(("method", "path"), CHANGES)
async def test_a_change_needs_the_scope_operate(app: FastAPI, method: str, path: str) -> None:
    """Without a key, or with a wrong one, 401; with one for anything else 403, before the body is looked at."""
    is_problem(await answer(app, method, path, None), 401, "unauthorized", "Authorization: Bearer KEY")
    is_problem(await answer(app, method, path, "guessed"), 401, "unauthorized", "Authorization: Bearer KEY")
    is_problem(await answer(app, method, path, "read"), 403, "forbidden", "good for node, read, trainings; operate is")
    for key in ("node", "train"):
        is_problem(await answer(app, method, path, key), 403, "forbidden", "read is needed")
    for key in ("operate", "force"):
        assert (await answer(app, method, path, key)).status_code in (422, 503)


@pytest.mark.parametrize("path", ["/admin/promote", "/admin/distribute-model"])
async def test_force_needs_a_scope_of_its_own(app: FastAPI, path: str) -> None:
    """Who operates may not skip what everybody else has to pass; the same without force is theirs to ask for."""
    body = {"model_path": "models/none.pth", "board_type": "hex8", "num_players": 2, "force": True, "reason": "hotfix"}
    asked = body if path == "/admin/promote" else {"model_path": "models/none.pth", "force": True}
    is_problem(await answer(app, "POST", path, "operate", asked), 403, "forbidden", "force is needed")
    is_problem(await answer(app, "POST", path, "force", asked), 404, "model-not-found", "models/none.pth")
    asked.pop("force")
    is_problem(await answer(app, "POST", path, "operate", asked), 404, "model-not-found", "models/none.pth")


async def test_f57_only_who_may_force_begins_an_epoch(app: FastAPI) -> None:
    """It takes versions back from every node."""
    body = {"reason": "restored the backup of Sunday"}
    is_problem(await answer(app, "POST", FORCED, "operate", body), 403, "forbidden", "force is needed")
    is_problem(await answer(app, "POST", FORCED, "force", body), 503, "dependency-unavailable", "cannot be reached")


@pytest.mark.parametrize("path", ["/status", "/v1/configurations/hex8_2p/policy", "/v1/decisions", "/v1/events"])
async def test_reading_needs_a_key(app: FastAPI, path: str) -> None:
    """The ledger is nobody's but the key holders'."""
    is_problem(await answer(app, "GET", path, None), 401, "unauthorized", "Authorization: Bearer KEY")
    for key in ("node", "train"):
        is_problem(await answer(app, "GET", path, key), 403, "forbidden", "read is needed")
    is_problem(await answer(app, "GET", path, "read"), 503, "dependency-unavailable", "cannot be reached")
