"""The client by itself, against a small real HTTP server: what it asks, and how each failure is told."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
import ringrift_client
from ringrift_client import (
    FrontDoor,
    FrontDoorError,
    MisconfiguredError,
    NotJsonError,
    NotYetError,
    RefusedError,
    Transport,
    UnreachableError,
    wait_until,
)

from shared.contract.words import GAUNTLET_PORT, PROMOTION_PORT
from tests.kit.hostile import hostile
from tests.kit.http_server import serving

ALLOWED = {"httpx", "httpcore", "h11", "anyio", "idna", "certifi", "sniffio", "typing_extensions", "ringrift_client"}


class FakeFrontDoor:
    """Answers by path: status and content; a list of contents is answered one after the other, the last again and again."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, Any]] = {}
        self.asked: list[tuple[str, str, dict[str, str], Any]] = []
        self.url = ""

    def answer(self, method: str, path: str, headers: dict[str, str], body: Any) -> tuple[int, bytes]:
        """What a request gets."""
        self.asked.append((method, path, headers, body))
        status, content = self.answers.get(
            path, (404, {"type": "urn:ringrift:problem:not-found", "detail": "no such thing"})
        )
        if isinstance(content, list):
            content = content.pop(0) if len(content) > 1 else content[0]
        return status, content if isinstance(content, bytes) else json.dumps(content).encode()


@pytest.fixture
def door() -> Iterator[FakeFrontDoor]:
    """A server on a free loopback port."""
    fake = FakeFrontDoor()

    class Handler(BaseHTTPRequestHandler):
        """Both verbs."""

        def do_GET(self) -> None:
            """Answer."""
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            status, content = fake.answer(self.command, self.path, dict(self.headers), body)
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def do_POST(self) -> None:
            """Answer."""
            self.do_GET()

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    with serving(Handler) as fake.url:
        yield fake


def test_it_needs_httpx_and_the_standard_library_alone() -> None:
    """A trainer's environment has nothing else of ours."""
    code = "import sys, ringrift_client; print(*{name.split('.')[0] for name in sys.modules})"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )
    bare = "import sys, httpx; print(*{name.split('.')[0] for name in sys.modules})"
    httpx_alone = set(
        subprocess.run([sys.executable, "-c", bare], capture_output=True, text=True, check=True).stdout.split()
    )
    assert loaded - httpx_alone - set(sys.stdlib_module_names) <= ALLOWED


def test_its_surface_is_what_it_says() -> None:
    """Every public name exists, and the ports are the suite's."""
    assert all(hasattr(ringrift_client, name) for name in ringrift_client.__all__)
    assert ringrift_client.PROMOTION_URL.endswith(f":{PROMOTION_PORT}")
    assert ringrift_client.GAUNTLET_URL.endswith(f":{GAUNTLET_PORT}")


def test_a_refusal_is_read(door: FakeFrontDoor) -> None:
    """Status, kind and detail of the problem, for programs and in the text."""
    with pytest.raises(RefusedError, match="404: no such thing") as refused:
        Transport(door.url).call("GET", "/nothing")
    assert (refused.value.status, refused.value.kind, refused.value.detail) == (404, "not-found", "no such thing")


def test_a_refusal_without_a_problem_is_told_as_it_is(door: FakeFrontDoor) -> None:
    """Somebody else's error has no kind."""
    door.answers["/odd"] = (500, ["broken"])
    with pytest.raises(RefusedError, match="500: broken") as refused:
        Transport(door.url).call("GET", "/odd")
    assert refused.value.kind == ""


def test_an_answer_that_is_no_json_is_somebody_elses(door: FakeFrontDoor) -> None:
    """The text asks whether this is the front door."""
    door.answers["/page"] = (200, b"<html>")
    with pytest.raises(NotJsonError, match="without JSON; is it a service of the suite"):
        Transport(door.url).call("GET", "/page")


def test_nobody_there_is_said_with_the_setting() -> None:
    """The text names the address and the variable."""
    with pytest.raises(
        UnreachableError, match=r"http://127.0.0.1:9/status cannot be reached: .*RINGRIFT_PROMOTION_URL"
    ):
        Transport("http://127.0.0.1:9/").call("GET", "/status")


def test_the_key_is_presented_and_proxies_are_ignored(door: FakeFrontDoor, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the environment says of proxies is not meant for the suite."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    door.answers["/status"] = (200, {})
    Transport(door.url, "secret").call("GET", "/status")
    assert door.asked[0][2]["Authorization"] == "Bearer secret"


def test_f19_a_proxy_is_used_where_that_is_asked_for(door: FakeFrontDoor, monkeypatch: pytest.MonkeyPatch) -> None:
    """RINGRIFT_HTTP_PROXY_FROM_ENVIRONMENT says so, and the proxy of the environment is dead."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("RINGRIFT_HTTP_PROXY_FROM_ENVIRONMENT", "true")
    with pytest.raises(UnreachableError):
        Transport(door.url).call("GET", "/status")


@pytest.mark.parametrize(
    ("kind", "error", "seconds"),
    [("gzip-bomb", NotJsonError, 20), ("endless", NotJsonError, 20), ("slow-body", UnreachableError, 1)],
)
def test_f59_hostile_answers_end_in_time(kind: str, error: type[FrontDoorError], seconds: float) -> None:
    """Neither a bomb nor an answer without end is held in memory, and a trickle is given up."""
    with hostile(kind) as url:
        started = time.monotonic()
        with pytest.raises(error):
            Transport(url, seconds=seconds).call("GET", "/status")
    assert time.monotonic() - started < 4 * seconds + 5


def test_an_authority_that_cannot_be_read_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The text names the variable and the file."""
    monkeypatch.setenv("RINGRIFT_HTTP_CA", "/no/such/file")
    with pytest.raises(MisconfiguredError, match="RINGRIFT_HTTP_CA: /no/such/file cannot be used"):
        Transport("https://127.0.0.1:9")


def test_a_request_is_followed_to_its_end(door: FakeFrontDoor) -> None:
    """Progress is told while it is open, and the outcome has verdict, code and version."""
    request = {"id": "r", "state": "open", "configuration": "hex8_2p", "decision_id": None, "reason": None}
    closed = {**request, "state": "promoted", "decision_id": "d", "reason": "won", "code": "gates_passed"}
    door.answers |= {
        "/admin/promote": (202, request),
        "/v1/promotion-requests/r": (200, [request, closed]),
        "/v1/decisions/d": (200, {"verdict": "passed"}),
        "/v1/configurations/hex8_2p/versions": (200, {"items": [{"version": 4, "decision_id": "d"}]}),
    }
    said: list[str] = []
    with FrontDoor(door.url, gauntlet_url="http://127.0.0.1:9") as front:
        assert front.ask({"model_path": "models/a.pth"})["id"] == "r"
        outcome = front.wait_for_outcome("r", 30, said.append)
    assert (outcome.version, outcome.verdict, outcome.code, outcome.passed) == (4, "passed", "gates_passed", True)
    assert said == ["being evaluated"]
    assert "Idempotency-Key" in door.asked[0][2]


def test_a_request_that_does_not_end_goes_on(door: FakeFrontDoor) -> None:
    """The text says where to look."""
    door.answers["/v1/promotion-requests/r"] = (200, {"state": "open"})
    with (
        FrontDoor(door.url) as front,
        pytest.raises(NotYetError, match=r"did not end within 0 s: it is still open; it goes on: "),
    ):
        front.wait_for_outcome("r", 0, lambda _: None)


def test_a_distribution_names_who_lacks_it(door: FakeFrontDoor) -> None:
    """Until every node holds the version, each that does not is named with its reason."""
    nodes = {"node-1": {"state": "delivered"}, "node-2": {"state": "pending", "detail": "disk full"}}
    progress = {"version": 2, "nodes": nodes, "complete": False}
    door.answers["/status"] = (200, {"model_distribution": {"configurations": {"hex8_2p": progress}}})
    with (
        FrontDoor(door.url) as front,
        pytest.raises(NotYetError, match=r"missing|node-2 \(disk full\); delivery goes on"),
    ):
        front.wait_for_distribution("hex8_2p", 2, 0, lambda _: None)
    progress |= {"complete": True}
    with FrontDoor(door.url) as front:
        assert front.wait_for_distribution("hex8_2p", 2, 5, lambda _: None) == ["node-1", "node-2"]


def test_waiting_survives_an_absence() -> None:
    """A service that is away for a while is asked again, and the last trouble is told when the time is up."""
    answers: list[Any] = [FrontDoorError("away"), (None, "not yet"), ("there", "")]

    def ask() -> tuple[str | None, str]:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer  # type: ignore[no-any-return]

    assert wait_until(ask, 30, poll_seconds=0) == "there"
    answers.append(FrontDoorError("still away"))
    with pytest.raises(NotYetError, match="still away"):
        wait_until(ask, 0)
