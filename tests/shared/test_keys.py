"""Who may call: keys are recognised before routing, scopes are asked for by routes and shown in OpenAPI. No server is needed."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, ClassVar

import httpx
import pytest
from fastapi import FastAPI

from shared.process.credentials import RIGHTS, SCOPES, AcceptedKeys, Caller
from shared.process.settings import BaseServiceSettings
from shared.web.application import Description, health_router, new_app, new_router
from shared.web.keys import NODE, OPERATE, ORDER, TRAIN, TRAININGS
from shared.web.problems import NotFound, Problem, problems

KEYS = {"read": "reader's key", "operate": "operator's key", "node": "node's key", "train": "trainer's key"}
TAGS = {"things": "What there is.", "files": "Their bytes.", "trainings": "What trainers say."}
router = new_router("things", prefix="/v1")
files_router = new_router("files", prefix="/v1/files", needs=NODE)
trainings_router = new_router("trainings", prefix="/v1/trainings", needs=TRAININGS)


class Melted(Exception):
    """A thing that cannot be."""

    extra: ClassVar = {"degrees": 100}


class TooHot(Problem):
    """The thing melts."""

    status, slug = 409, "too-hot"


@router.get("/things")
async def list_things() -> list[str]:
    """Every thing."""
    return ["one"]


@router.post("/things", status_code=201, dependencies=[OPERATE], responses=problems(NotFound, TooHot))
async def make_thing(body: dict[str, int]) -> dict[str, int]:
    """A new thing."""
    if "hot" in body:
        raise Melted("it melts at 100 degrees")
    return body


@files_router.get("")
async def read_file() -> str:
    """What nodes fetch."""
    return "bytes"


@trainings_router.get("")
async def read_training() -> str:
    """What became of it."""
    return "evaluated"


@trainings_router.post("", dependencies=[TRAIN])
async def announce_training() -> None:
    """What trainers say."""


@router.put("/orders", dependencies=[ORDER])
async def take_order() -> None:
    """What no key is good for."""


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Nothing to start."""
    yield


def make_app(*scopes: str) -> FastAPI:
    """The application, with a key for each scope."""
    entries = tuple(f"{scope}r:{scope}:{hashlib.sha256(KEYS[scope].encode()).hexdigest()}" for scope in scopes)
    settings = BaseServiceSettings(api_keys=entries)
    return new_app(
        Description("Trial", "Things.", TAGS),
        settings,
        lifespan,
        [health_router({}), router, files_router, trainings_router],
        {Melted: TooHot},
    )


async def ask(app: FastAPI, method: str, path: str, key: str | None = None, content: bytes | None = None) -> Any:
    """Status and JSON of an answer."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://trial") as client:
        answer = await client.request(method, path, headers=headers, content=content)
    return answer.status_code, answer.json() if "json" in answer.headers.get("content-type", "") else None


@pytest.mark.parametrize(
    ("method", "path", "without", "node", "train", "read", "operate"),
    [
        ("GET", "/v1/things", 401, 403, 403, 200, 200),
        ("POST", "/v1/things", 401, 403, 403, 403, 201),
        ("GET", "/v1/files", 401, 200, 403, 200, 200),
        ("GET", "/v1/trainings", 401, 403, 200, 200, 200),
        ("POST", "/v1/trainings", 401, 403, 200, 403, 200),
        ("PUT", "/v1/orders", 401, 403, 403, 403, 403),
        ("GET", "/v1/nothing", 401, 404, 404, 404, 404),
        ("GET", "/metrics", 401, 403, 403, 200, 200),
        ("GET", "/livez", 200, 200, 200, 200, 200),
        ("GET", "/readyz", 200, 200, 200, 200, 200),
        ("GET", "/docs", 200, 200, 200, 200, 200),
        ("GET", "/openapi.json", 200, 200, 200, 200, 200),
        ("DELETE", "/v1/things", 401, 405, 405, 405, 405),
    ],
)
async def test_each_key_reaches_as_far_as_its_scope(
    method: str, path: str, without: int, node: int, train: int, read: int, operate: int
) -> None:
    """Nothing but health and the documentation is open, and an unknown address tells a stranger nothing."""
    app = make_app("read", "operate", "node", "train")
    content = b'{"a": 1}'
    for key, expected in (
        (None, without), ("", without), ("wrong", without), (KEYS["node"], node), (KEYS["train"], train),
        (KEYS["read"], read), (KEYS["operate"], operate),
    ):  # fmt: skip
        status, _ = await ask(app, method, path, key, content)
        if key == "wrong" or not key:
            assert status == without
        assert status == expected


async def test_without_keys_everyone_here_may_do_everything() -> None:
    """A service on loopback without keys asks for none."""
    assert (await ask(make_app(), "POST", "/v1/things", content=b'{"a": 1}'))[0] == 201
    assert (await ask(make_app(), "PUT", "/v1/orders"))[0] == 200


async def test_f58_elsewhere_than_on_loopback_nobody_is_anyone() -> None:
    """Whatever the settings' check let through, a request without a credential is refused there."""
    app = new_app(Description("Trial", "Things.", TAGS), BaseServiceSettings(host="0.0.0.0"), lifespan, [router], {})
    assert (await ask(app, "GET", "/v1/things"))[0] == 401


async def test_a_stranger_is_refused_before_the_body_is_looked_at() -> None:
    """401 and 403 come as problems; the first also where the body is no JSON."""
    status, refusal = await ask(make_app("operate"), "POST", "/v1/things", content=b"{")
    assert (status, refusal["type"]) == (401, "urn:ringrift:problem:unauthorized")
    status, refusal = await ask(make_app("read"), "POST", "/v1/things", KEYS["read"], b"{}")
    assert (status, refusal["type"]) == (403, "urn:ringrift:problem:forbidden")
    assert refusal["detail"] == "this key is good for node, read, trainings; operate is needed"


async def test_a_services_exception_is_answered_by_its_problem() -> None:
    """With the status and slug of the kind, the exception's text and its further members."""
    status, refusal = await ask(make_app(), "POST", "/v1/things", content=b'{"hot": 1}')
    assert (status, refusal["type"], refusal["title"]) == (409, "urn:ringrift:problem:too-hot", "Too hot")
    assert (refusal["detail"], refusal["degrees"]) == ("it melts at 100 degrees", 100)
    assert refusal["instance"] == "/v1/things"


def test_openapi_shows_scopes_and_problems() -> None:
    """So /docs has its Authorize button, and clients know what may be answered."""
    document = make_app("read").openapi()
    reading, making = (document["paths"]["/v1/things"][method] for method in ("get", "post"))
    assert reading["security"] == [{"api_key": ["read"]}]
    assert making["security"] == [{"api_key": ["read", "operate"]}]
    assert document["components"]["securitySchemes"]["api_key"]["scheme"] == "bearer"
    assert {"401", "403", "422", "503", "404", "409"} <= set(making["responses"])
    assert "`too-hot`: The thing melts." in making["responses"]["409"]["description"]
    assert document["paths"]["/livez"]["get"]["security"] == []


@pytest.mark.parametrize("entry", ["a:read", "a:write:" + "0" * 64, "a:read:" + "0" * 63, f"a:read:{'0' * 64}:b", ""])
def test_an_entry_that_is_none_is_refused(entry: str) -> None:
    """The text says how an entry is written."""
    with pytest.raises(ValueError, match="name:scope:sha256-of-the-key"):
        AcceptedKeys([entry])


def test_a_caller_is_known_by_name() -> None:
    """Hashes may be written in capitals; a name may be anything without a colon."""
    keys = AcceptedKeys([f"night shift:read:{hashlib.sha256(b'k').hexdigest().upper()}"])
    assert keys.caller("Bearer k") == keys.caller("k") == Caller("night shift", RIGHTS["read"])
    assert keys.caller("Bearer K") is None
    assert AcceptedKeys([]).caller("") is None


def test_f58_each_scope_has_its_rights() -> None:
    """Forcing includes operating, that includes everything else, reading includes fetching, and no key can order a node."""
    rights = {scope: sorted(RIGHTS[scope]) for scope in SCOPES}
    assert rights == {
        "read": ["node", "read", "trainings"],
        "operate": ["join", "node", "operate", "play", "read", "train", "trainings"],
        "force": ["force", "join", "node", "operate", "play", "read", "train", "trainings"],
        "node": ["node"],
        "play": ["node", "play"],
        "train": ["train", "trainings"],
    }


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({}, 201),
        ({"Origin": "http://here"}, 201),
        ({"Sec-Fetch-Site": "none"}, 201),
        ({"Origin": "http://elsewhere", "Content-Type": "text/plain"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
    ],
)
async def test_where_no_key_is_needed_a_page_of_another_site_changes_nothing(sent: dict[str, str], status: int) -> None:
    """A browser says whose page it is; programs say nothing, and are let in."""
    transport = httpx.ASGITransport(make_app())
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
        answer = await client.post(
            "/v1/things", headers={"Content-Type": "application/json", **sent}, content=b'{"one": 1}'
        )
    assert answer.status_code == status, answer.text
