"""Webhooks through their doors, with real receivers: in order, again until taken, signed, and none holds up another."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from shared.contract.evidence import CanonicalReference
from tests.kit.hostile import hostile
from tests.kit.http_server import serving
from tests.promotion.conftest import Suite

OPEN = {"webhook_http": True, "webhook_private": True, "webhook_pause_seconds": 0.01, "webhook_seconds": 1}


@dataclass
class Receiver:
    """A server that takes what is posted to it. `answers`: the statuses of the next answers, 204 for all others."""

    answers: list[int] = field(default_factory=list)
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""

    def types(self) -> list[str]:
        """The types of the events that came, in their order."""
        return [json.loads(body)["type"] for _, body in self.heard]


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver on a free loopback port."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        """Takes notices."""

        def do_POST(self) -> None:
            """Take one, or not."""
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.heard.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(receiver.answers.pop(0) if receiver.answers else 204)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    with serving(Handler) as receiver.url:
        yield receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """One receiver."""
    with receiving() as running:
        yield running


async def added(suite: Suite, url: str, *types: str) -> Any:
    """A new webhook, with its secret."""
    answer = await suite.client.post("/v1/webhooks", json={"url": url, "types": types})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def fares(suite: Suite, webhook: Any) -> Any:
    """How a webhook fares."""
    return next(each for each in (await suite.get("/v1/webhooks"))["items"] if each["id"] == webhook["id"])


async def settled(suite: Suite, webhook: Any, taken: int, dead: int = 0) -> Any:
    """The webhook, once so many of its notices were taken, so many are dead, and none waits."""

    async def over() -> Any:
        found = await fares(suite, webhook)
        return found if (found["taken"], found["dead"], found["waiting"]) == (taken, dead, 0) else None

    return await suite.eventually(over)


@pytest.mark.parametrize("settings_changed", [OPEN])
async def test_a_receiver_is_told_in_order_until_it_takes_it(suite: Suite, receiver: Receiver) -> None:
    """Errors, refusals and redirects are tried again with the same id and body, and nothing of the configuration overtakes."""
    receiver.answers = [500, 404, 302]
    webhook = await added(suite, receiver.url, "MODEL_PROMOTED", "CURRICULUM_UPDATED")
    await suite.promoted(b"first")
    found = await settled(suite, webhook, taken=2)
    assert receiver.types() == ["MODEL_PROMOTED"] * 4 + ["CURRICULUM_UPDATED"]
    assert len({(headers["webhook-id"], body) for headers, body in receiver.heard}) == 2
    assert found["last_error"] == "it answered 302"
    [promoted] = await suite.events("MODEL_PROMOTED")
    headers, body = receiver.heard[3]
    assert (headers["webhook-id"], json.loads(body)) == (promoted["id"], promoted)
    assert headers["content-type"] == "application/cloudevents+json"
    assert is_signed(webhook["secret"], headers, body)
    assert "secret" not in found
    [newest, oldest] = (await suite.get(f"/v1/webhooks/{webhook['id']}/notices"))["items"]
    assert (oldest["attempts"], newest["attempts"], newest["state"]) == (4, 1, "taken")


def is_signed(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """As Standard Webhooks verify it."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    message = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    digest = base64.b64encode(hmac.digest(key, message, hashlib.sha256)).decode()
    return headers["webhook-signature"] == f"v1,{digest}"


@pytest.mark.parametrize("settings_changed", [{**OPEN, "webhook_attempts": 2}])
async def test_a_bad_receiver_holds_up_nobody_and_is_told_again_when_asked(suite: Suite, receiver: Receiver) -> None:
    """One hangs and one is down while a third takes everything; what was given up is dead until it is replayed."""
    with hostile("slow-body") as slow, receiving() as broken:
        broken.answers = [503] * 4
        hanging, down = await added(suite, slow), await added(suite, broken.url)
        good = await added(suite, receiver.url)
        await suite.promoted(b"first")
        await settled(suite, good, taken=2)
        dead = await settled(suite, down, taken=0, dead=2)
        assert dead["last_error"] == "it answered 503"
        replayed = await suite.client.post(f"/v1/webhooks/{down['id']}/replay")
        assert replayed.status_code == 202
        await settled(suite, down, taken=2)
        assert broken.types() == ["MODEL_PROMOTED"] * 2 + ["CURRICULUM_UPDATED"] * 2 + [
            "MODEL_PROMOTED",
            "CURRICULUM_UPDATED",
        ]
        assert "no answer within 1 s" in (await settled(suite, hanging, taken=0, dead=2))["last_error"]
        assert len(receiver.heard) == 2


@pytest.mark.parametrize("settings_changed", [OPEN])
async def test_the_feed_is_replayed_from_a_cursor(suite: Suite, receiver: Receiver) -> None:
    """From its beginning, also what was before the webhook, in order; a cursor that is none is refused, and a removed one is told
    nothing more."""
    first = await suite.promoted(b"first")
    webhook = await added(suite, receiver.url, "MODEL_PROMOTED", "MODEL_PROMOTION_FAILED")
    canonical = CanonicalReference(version=1, digest=first)
    await suite.evaluated(suite.add_model(b"worse"), canonical, wins=10)
    await settled(suite, webhook, taken=1)
    path = f"/v1/webhooks/{webhook['id']}"
    for cursor, kind, status in (("x", "invalid-cursor", 422), ("1.abc", "cursor-unknown", 410)):
        refused = await suite.client.post(f"{path}/replay?after={cursor}")
        assert (refused.status_code, refused.json()["type"]) == (status, f"urn:ringrift:problem:{kind}")
    assert (await suite.client.post(f"{path}/replay?after=0.0")).json()["waiting"] == 2
    await settled(suite, webhook, taken=2)
    assert receiver.types() == ["MODEL_PROMOTION_FAILED", "MODEL_PROMOTED", "MODEL_PROMOTION_FAILED"]
    assert (await suite.client.delete(path)).status_code == 200
    assert [(await suite.client.delete(path)).status_code, (await suite.client.get(f"{path}/notices")).status_code] == [
        404
    ] * 2


async def test_what_may_not_be_told_is_refused(suite: Suite, receiver: Receiver) -> None:
    """An address within the network, and a type of event that is another service's, are told with what would be right."""
    private = await suite.client.post("/v1/webhooks", json={"url": receiver.url.replace("http", "https")})
    assert (private.status_code, private.json()["type"]) == (422, "urn:ringrift:problem:receiver-refused")
    foreign = await suite.client.post(
        "/v1/webhooks", json={"url": "https://hooks.example", "types": ["EVALUATION_STARTED"]}
    )
    assert "is no event of this service, whose are EVALUATION_REQUESTED" in foreign.json()["detail"]
    by_name = await added(suite, "https://localhost:9/x", "MODEL_PROMOTED")
    await suite.promoted(b"first")

    async def refused() -> Any:
        return (await fares(suite, by_name))["last_error"]

    assert "localhost is " in await suite.eventually(refused)
    assert receiver.heard == []


@pytest.mark.parametrize("settings_changed", [OPEN])
async def test_a_chat_is_sent_a_message_of_its_own(suite: Suite, receiver: Receiver) -> None:
    """A webhook says which format it has, and its receiver gets that, with the version that was promoted."""
    body = {"url": receiver.url, "types": ["MODEL_PROMOTED"], "format": "discord"}
    answer = await suite.client.post("/v1/webhooks", json=body)
    assert answer.json()["format"] == "discord"
    await suite.promoted(b"first")
    await settled(suite, answer.json(), taken=1)
    [(headers, message)] = receiver.heard
    assert headers["content-type"] == "application/json"
    assert json.loads(message)["embeds"][0]["title"].endswith(": version 1 is canonical")
    refused = await suite.client.post("/v1/webhooks", json={**body, "format": "teams"})
    assert refused.status_code == 422
