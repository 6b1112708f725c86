"""Keys that were issued, as a process accepts them, and as a service asks the promotion service for its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from shared.process.credentials import RIGHTS, AcceptedKeys, Caller, IssuedKey, digest_of_key
from shared.process.http_client import new_client
from shared.process.settings import BaseServiceSettings
from shared.service.issued_keys import IssuedKeys
from tests.kit.http_server import serving

ANNA = IssuedKey("3f2a9c1e", "anna", "play", digest_of_key("anna's"))


def test_issued_keys_are_taken_beside_the_environments() -> None:
    """From when they are named until they are not, and each use is told once."""
    keys = AcceptedKeys([f"anna:read:{digest_of_key('old')}"])
    assert keys.caller("Bearer anna's") is None
    keys.accept([ANNA])
    assert keys.caller("Bearer anna's") == Caller("anna (3f2a9c1e)", RIGHTS["play"])
    assert keys.caller("Bearer old") == Caller("anna", RIGHTS["read"])
    assert keys.caller("Bearer other") is None
    assert (keys.used(), keys.used()) == (["3f2a9c1e"], [])
    keys.accept([])
    assert keys.caller("Bearer anna's") is None
    assert keys.caller("Bearer old") is not None


def test_only_so_many_uses_are_told_at_a_time() -> None:
    """More than find room in an address come with the next questions."""
    keys = AcceptedKeys([])
    keys.accept(IssuedKey(f"{number:08x}", "w", "play", digest_of_key(str(number))) for number in range(450))
    for number in range(450):
        assert keys.caller(str(number)) is not None
    assert [len(keys.used()) for _ in range(4)] == [200, 200, 50, 0]


@contextmanager
def promotion(answers: list[tuple[int, Any]], asked: list[str]) -> Iterator[str]:
    """A promotion service that gives these answers, one after the other."""

    class Handler(BaseHTTPRequestHandler):
        """One verb."""

        def do_GET(self) -> None:
            """The next answer."""
            asked.append(self.path)
            status, content = answers.pop(0)
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    with serving(Handler) as url:
        yield url


@pytest.mark.parametrize("broken", [(503, {}), (200, {"items": [{**ANNA._asdict(), "scope": "all"}]}), (200, [])])
async def test_a_service_takes_what_the_promotion_service_named_last(broken: tuple[int, Any]) -> None:
    """Also while that is away, or answers what nobody understands; what it names no more is refused."""
    good = {"items": [ANNA._asdict()]}
    answers, asked = [(200, good), broken, (200, {"items": []})], list[str]()
    client, keys = new_client(BaseServiceSettings()), AcceptedKeys([])
    with promotion(answers, asked) as url:
        asking = IssuedKeys("gauntlet", url, keys, client, 1.0)
        known = []
        for _ in range(3):
            await asking.ask()
            known.append(keys.caller("Bearer anna's") is not None)
    await client.aclose()
    assert known == [True, True, False]
    assert asked == [
        "/v1/keys/good?service=gauntlet", "/v1/keys/good?service=gauntlet&used=3f2a9c1e",
        "/v1/keys/good?service=gauntlet&used=3f2a9c1e",
    ]  # fmt: skip
