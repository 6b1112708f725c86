"""Who may do what at the gauntlet: a trainer's key announces trainings and reads them. No server is needed."""

from __future__ import annotations

import hashlib
import re

import httpx
import pytest
from fastapi import FastAPI

from services.gauntlet.app import create_app
from services.gauntlet.settings import GauntletSettings
from shared.process.credentials import SCOPES

KEYS = tuple(f"{scope}:{scope}:{hashlib.sha256(scope.encode()).hexdigest()}" for scope in SCOPES)
OPEN = ("/", "/livez", "/readyz")
ARTIFACTS = {("GET", "/v1/artifacts/x")}
WORK = {
    ("POST", "/v1/work/claims"),
    ("PUT", "/v1/work/claims/x"),
    ("POST", "/v1/work/claims/x/failure"),
    ("DELETE", "/v1/work/claims/x"),
}
TRAININGS = {
    ("GET", "/v1/trainings"),
    ("GET", "/v1/trainings/x"),
    ("POST", "/v1/trainings"),
    ("GET", "/v1/uploads/x"),
    ("PUT", "/v1/uploads/x"),
}


@pytest.fixture
def app() -> FastAPI:
    """A service with a key for each scope, and nothing behind it."""
    return create_app(GauntletSettings(database_url="postgresql+asyncpg://u:p@127.0.0.1:9/db", api_keys=KEYS))


async def refused(app: FastAPI, key: str) -> set[tuple[str, str]]:
    """Of all documented operations those that a key is not good for."""
    found = set()
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
        for method, path in operations(app):
            answer = await client.request(method, path, headers={"Authorization": f"Bearer {key}"}, content=b"{}")
            assert answer.status_code != 401
            found |= {(method, path)} if answer.status_code == 403 else set()
    return found


def operations(app: FastAPI) -> set[tuple[str, str]]:
    """Every documented operation that is not open: method and an address of its kind."""
    paths = app.openapi()["paths"]
    found = {(method.upper(), re.sub(r"\{\w+\}", "x", path)) for path, methods in paths.items() for method in methods}
    return {(method, path) for method, path in found if path not in OPEN}


async def test_f58_a_trainers_key_announces_and_reads_trainings_and_nothing_else(app: FastAPI) -> None:
    """It cannot ask for an evaluation, cancel one, read any, or read the feed."""
    assert await refused(app, "train") == operations(app) - TRAININGS


async def test_f58_the_other_scopes_are_good_for_what_they_were(app: FastAPI) -> None:
    """Operating for everything, reading for every GET, a node's for model files."""
    assert not await refused(app, "operate")
    assert await refused(app, "read") == {each for each in operations(app) if each[0] != "GET"}
    assert await refused(app, "node") == operations(app) - ARTIFACTS


async def test_f58_a_workers_key_claims_games_reports_them_and_fetches_models(app: FastAPI) -> None:
    """It asks for no evaluation, cancels none, reads none, and promotes nothing."""
    assert await refused(app, "play") == operations(app) - WORK - ARTIFACTS


def test_f58_openapi_says_what_a_trainers_key_is_good_for(app: FastAPI) -> None:
    """Announcing needs `train`, reading trainings `trainings`, and neither needs `read`."""
    paths = app.openapi()["paths"]
    needed = {
        (path, method): operation["security"] for path, methods in paths.items() for method, operation in methods.items()
        if path.startswith("/v1/trainings")
    }  # fmt: skip
    assert needed == {
        ("/v1/trainings", "get"): [{"api_key": ["trainings"]}],
        ("/v1/trainings", "post"): [{"api_key": ["trainings", "train"]}],
        ("/v1/trainings/{training_id}", "get"): [{"api_key": ["trainings"]}],
    }
