"""Orders that prove where they come from: what an agent with a public key takes, and from whom."""

import base64
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.distribution.agent.app import create_app
from services.distribution.agent.settings import AgentSettings
from services.distribution.agent.signature import HEADER, OrderSigner, key_bytes
from services.distribution.delivery import Head
from services.distribution.node import Node
from services.distribution.node_client import AgentClient
from services.distribution.settings import DistributionSettings
from shared.process.credentials import digest_of_key
from shared.process.edge_keys import EdgeKeys
from shared.process.settings import SettingsError, load_settings
from shared.storage.artifact_folder import ArtifactFolder
from tests.distribution.test_keys import KEYS

SECRET = bytes(range(32))
KEY, OTHER_KEY = SECRET.hex(), bytes(32).hex()
PUBLIC = base64.b64encode(Ed25519PrivateKey.from_private_bytes(SECRET).public_key().public_bytes_raw()).decode()
PATH = "/v1/models/hex8_2p"
DIGEST = "a" * 64
ORDER = {"version": 3, "digest": DIGEST, "size": 5, "source": f"http://127.0.0.1:8772/v1/artifacts/{DIGEST}"}
BODY = json.dumps(ORDER).encode()
JSON = {"Content-Type": "application/json"}


def settings(folder: Path, **changed: Any) -> AgentSettings:
    """An agent that knows the service's public key."""
    return AgentSettings(
        **{
            "agent_node": "node-1",
            "agent_dir": folder,
            "agent_transport": "http",
            "order_public_key": (PUBLIC,),
            **changed,
        }
    )


@asynccontextmanager
async def running(folder: Path, **changed: Any) -> AsyncIterator[httpx.ASGITransport]:
    """A running agent."""
    app = create_app(settings(folder, **changed))
    async with app.router.lifespan_context(app):
        yield httpx.ASGITransport(app)


async def ask(
    folder: Path, method: str, path: str, headers: Mapping[str, str], body: bytes = b"", **changed: Any
) -> int:  # fmt: skip
    """The status with which an agent answers."""
    async with running(folder, **changed) as transport, httpx.AsyncClient(transport=transport) as client:
        answer = await client.request(method, f"http://node{path}", headers={**JSON, **headers}, content=body)
    assert answer.is_success or answer.headers["content-type"] == "application/problem+json"
    return answer.status_code


def signed(
    method: str = "PUT", path: str = PATH, node: str = "node-1", body: bytes = BODY, key: str = KEY
) -> dict[str, str]:  # fmt: skip
    """The header of a request."""
    return OrderSigner(key).headers(method, path, node, body)


async def test_f58_a_signed_order_is_taken(tmp_path: Path) -> None:
    """With the signature for this node, method, path and body, under any of several public keys."""
    assert await ask(tmp_path, "PUT", PATH, signed(), BODY) == 202
    assert await ask(tmp_path, "GET", "/v1/models", signed("GET", "/v1/models", body=b""), api_keys=KEYS) == 200
    two = (base64.b64encode(SECRET).decode(), PUBLIC)
    assert await ask(tmp_path, "PUT", PATH, signed(), BODY, order_public_key=two) == 202


@pytest.mark.parametrize(
    "headers",
    [
        signed(node="node-2"),
        signed(method="GET"),
        signed(path="/v1/models/hex8_3p"),
        signed(path=f"{PATH}?force=1"),
        signed(body=BODY.replace(b"3", b"4", 1)),
        signed(body=b""),
        signed(key=OTHER_KEY),
        signed(key=base64.b64encode(bytes(32)).decode()),
        {HEADER: ""},
        {HEADER: "no base64!"},
        {HEADER: base64.b64encode(bytes(64)).decode()},
        {HEADER: base64.b64encode(bytes(3)).decode()},
        signed() | {HEADER: signed()[HEADER].swapcase()},
    ],
)
async def test_f58_any_other_signature_is_refused(tmp_path: Path, headers: dict[str, str]) -> None:
    """For another node, method, path or body, under another key, or none at all: whatever API key comes with it."""
    for key in ("", "read", "operate"):
        with_key = headers | {"Authorization": f"Bearer {key}"}
        assert await ask(tmp_path, "PUT", PATH, with_key, BODY) == 401
        assert await ask(tmp_path, "PUT", PATH, with_key, BODY, api_keys=KEYS) == 401
    assert not list((tmp_path / "parts").iterdir())


async def test_f58_no_key_orders_a_node(tmp_path: Path) -> None:
    """Without a signature: on loopback without keys everyone may read, and nobody may order, not even an operator."""
    assert await ask(tmp_path, "GET", "/v1/models", {}) == 200
    assert await ask(tmp_path, "PUT", PATH, {}, BODY) == 403
    for key, reading in (("read", 200), ("operate", 200), ("node", 403), ("guessed", 401)):
        header = {"Authorization": f"Bearer {key}"}
        assert await ask(tmp_path, "GET", "/v1/models", header, api_keys=KEYS) == reading
        assert await ask(tmp_path, "PUT", PATH, header, BODY, api_keys=KEYS) == (401 if key == "guessed" else 403)
    assert await ask(tmp_path, "GET", "/v1/models", {}, host="0.0.0.0") == 401
    assert await ask(tmp_path, "GET", "/health", {}, host="0.0.0.0") == 200


async def test_f58_a_signed_request_of_any_length_is_no_burden(tmp_path: Path) -> None:
    """No more of a body is read before the signature is looked at than an order can have."""
    long = b" " * (1 << 20)
    assert await ask(tmp_path, "PUT", PATH, signed(body=long), long) == 401


@pytest.mark.parametrize("version", [0, 2**31, 10**26, 10**400])
async def test_f58_a_version_beyond_all_bounds_is_refused(tmp_path: Path, version: int) -> None:
    """However it is signed."""
    body = BODY.replace(b"3", str(version).encode(), 1)
    assert await ask(tmp_path, "PUT", PATH, signed(body=body), body) == 422


async def test_f58_the_service_sends_its_signature_and_no_key(tmp_path: Path) -> None:
    """Neither to a node, nor to one that was registered at the address of another service; the agent takes what it sends."""
    (tmp_path / "a.pth").write_bytes(b"first")
    store = ArtifactFolder(tmp_path / "artifacts")
    artifact = store.take_in(tmp_path / "a.pth")
    seen: list[httpx.Request] = []

    async def note(request: httpx.Request) -> None:
        seen.append(request)

    promotion, events = "http://promotion:8770", {"request": [note]}
    async with (
        running(tmp_path) as transport,
        httpx.AsyncClient(transport=transport, auth=EdgeKeys({promotion: "secret"}), event_hooks=events) as client,
    ):
        agents = AgentClient(client, store, "http://127.0.0.1:8772", OrderSigner(KEY))
        await agents.order(Node("node-1", promotion), Head("hex8_2p", 3, artifact.digest, artifact.size))
        assert (await agents.report(Node("node-1", "http://node-1"))).node == "node-1"
    assert [each.method for each in seen] == ["PUT", "GET"]
    assert not [each for each in seen if "authorization" in each.headers]


BASE = {"RINGRIFT_AGENT_NODE": "node-1", "RINGRIFT_DATABASE_URL": "postgresql+asyncpg://u:p@127.0.0.1/db"}
OPEN = {"RINGRIFT_HOST": "0.0.0.0"}
ACCEPTED = {"RINGRIFT_API_KEYS": f"a:read:{digest_of_key('k')}"}


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({}, None),
        ({"RINGRIFT_ORDER_PUBLIC_KEY": PUBLIC}, None),
        ({"RINGRIFT_ORDER_PUBLIC_KEY": f"{PUBLIC}, {SECRET.hex()}", **ACCEPTED}, None),
        ({"RINGRIFT_ORDER_PUBLIC_KEY": PUBLIC, **OPEN}, None),
        ({"RINGRIFT_ORDER_PUBLIC_KEY": "secret"}, "RINGRIFT_ORDER_PUBLIC_KEY: .*32 bytes of an Ed25519 key"),
        (OPEN, "RINGRIFT_HOST=0.0.0.0 is not loopback, so RINGRIFT_ORDER_PUBLIC_KEY must be set"),
        ({**OPEN, **ACCEPTED}, "is not loopback, so RINGRIFT_ORDER_PUBLIC_KEY must be set"),
        (ACCEPTED, "RINGRIFT_API_KEYS is set, so RINGRIFT_ORDER_PUBLIC_KEY must be set"),
        ({"RINGRIFT_API_KEYS": "a:b:c"}, "RINGRIFT_API_KEYS: an API key entry must be name:scope"),
    ],
)
def test_f58_an_agent_says_at_start_what_it_lacks(given: dict[str, str], fault: str | None) -> None:
    """No key is sent to a node, so whoever is not open to its own machine alone needs the public key."""
    if fault is None:
        assert load_settings(AgentSettings, {**BASE, **given})
        return
    with pytest.raises(SettingsError, match=fault):
        load_settings(AgentSettings, {**BASE, **given})


def test_f58_the_service_says_at_start_what_it_lacks() -> None:
    """Listening elsewhere than on loopback it signs; a key that is none is named without being shown."""
    load_settings(DistributionSettings, BASE)
    load_settings(DistributionSettings, {**BASE, **OPEN, **ACCEPTED, "RINGRIFT_ORDER_KEY": KEY})
    with pytest.raises(SettingsError, match="so RINGRIFT_ORDER_KEY must be set"):
        load_settings(DistributionSettings, {**BASE, **OPEN, **ACCEPTED})
    with pytest.raises(SettingsError, match="RINGRIFT_ORDER_KEY: .*32 bytes") as refused:
        load_settings(DistributionSettings, {**BASE, "RINGRIFT_ORDER_KEY": "5ecret"})
    assert "5ecret" not in str(refused.value)


def test_f58_a_key_is_read_as_base64_or_hex() -> None:
    """Both spellings are the same 32 bytes."""
    assert key_bytes(SECRET.hex()) == key_bytes(base64.b64encode(SECRET).decode()) == SECRET
