"""A whole suite behind nginx, whose processes know each other by the proxy's addresses only, with TLS by a private authority."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from ringrift_client import FrontDoor, Trainings

from tests.house.tree import ROOT
from tests.kit.http_client import HTTP
from tests.kit.operator import HEX8
from tests.servers.proxied import KEY, NODE, ProxiedSuite, proxied_suite


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProxiedSuite]:
    """A suite that plays few games."""
    with proxied_suite(
        tmp_path_factory.mktemp("proxied"), {"GAUNTLET_GAMES": "6", "PROMOTION_HEURISTIC_WIN_RATE": "0.3"}
    ) as suite:
        yield suite


def ringrift(suite: ProxiedSuite, *words: str) -> subprocess.CompletedProcess[str]:
    """The command line, with the key in a file."""
    key = suite.authority.with_name("key")
    key.write_text(f"{KEY}\n")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("RINGRIFT_")}
    environment = {**inherited, **suite.environment, "RINGRIFT_API_KEY_FILE": str(key)}
    program = [sys.executable, "-c", "from cli.main import app; app()"]
    return subprocess.run(
        [*program, *words], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=150, check=False
    )


def test_f69_the_whole_loop_goes_through_the_proxy(suite: ProxiedSuite) -> None:
    """A model that is announced by command line is played, promoted and delivered, and every call on the way went through nginx."""
    told = ringrift(suite, "announce", "--model", suite.add_model(), "--board-type", "hex8", "--num-players", "2")
    assert told.returncode == 0, told.stderr
    with suite.client() as client:

        def delivered() -> bool:
            answer = client.get(suite.nginx.url("distribution") + f"/v1/configurations/{HEX8}/availability")
            return answer.status_code == 200 and answer.json().get(NODE, {}).get("version") == 1

        suite.operator.eventually(delivered)
    passed = suite.nginx.passed()
    for call in (
        "POST /ringrift/gauntlet/v1/trainings",
        "GET /ringrift/promotion/v1/policies",
        "GET /ringrift/gauntlet/v1/events?",
        "GET /ringrift/promotion/v1/events?",
        "GET /ringrift/promotion/v1/configurations",
        f"PUT /ringrift/{NODE}/v1/models/{HEX8}",
        f"GET /ringrift/{NODE}/v1/models",
        "GET /ringrift/distribution/v1/artifacts/",
    ):
        assert any(each.startswith(call) for each in passed), call


def test_f69_location_leads_to_what_was_made(suite: ProxiedSuite) -> None:
    """It stays under the prefix, and can be followed as it is."""
    with suite.client() as client:
        for service, path in (("promotion", "/admin/promote"), ("gauntlet", "/v1/evaluations")):
            body = {"model_path": suite.add_model("untrained"), "board_type": "hex8", "num_players": 2}
            made = client.post(suite.nginx.url(service) + path, json=body)
            assert made.status_code == 202, made.text
            assert made.headers["Location"].startswith(f"/ringrift/{service}/v1/")
            assert client.get(made.url.join(made.headers["Location"])).json()["id"] == made.json()["id"]


def test_f69_an_event_arrives_at_once_and_silence_has_a_heartbeat(suite: ProxiedSuite) -> None:
    """Though nginx buffers, the first event of a stream is there at once, and a comment after some silence."""
    gauntlet = suite.nginx.url("gauntlet") + "/v1/evaluations"
    many = {"model_path": suite.add_model("successor"), "board_type": "hex8", "num_players": 2, "games": 10_000}
    with suite.client() as client:
        made = [client.post(gauntlet, json=many).json()["id"] for _ in range(2)]
        started = time.monotonic()
        with client.stream("GET", f"{gauntlet}/{made[1]}/progress") as answer:
            assert answer.headers["Cache-Control"] == "no-cache, no-transform"
            lines = answer.iter_lines()
            assert next(lines).startswith("event: ")
            assert time.monotonic() - started < 10
            assert next(line for line in lines if line.startswith(":"))
            assert time.monotonic() - started < 60
        for each in made:
            assert client.post(f"{gauntlet}/{each}/cancel").status_code == 200


def test_f69_the_client_library_keeps_the_prefix(
    suite: ProxiedSuite, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """From the environment alone, with the key in a file and the authority named."""
    (tmp_path / "key").write_text(KEY)
    for name, value in {**suite.environment, "RINGRIFT_API_KEY_FILE": str(tmp_path / "key")}.items():
        monkeypatch.setenv(name, value)
    with FrontDoor.from_environment() as door, Trainings.from_environment() as trainings:
        assert door.status()["promotion_status"] is not None
        assert trainings.find("nobody", "nothing") is None


def test_f69_an_authority_that_is_not_trusted_ends_every_call(suite: ProxiedSuite) -> None:
    """The certificate of a private authority is refused by whoever was not told of it, and the command that was told works."""
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        HTTP.get(suite.nginx.url("promotion") + "/livez")
    listed = ringrift(suite, "retention")
    assert listed.returncode == 0, listed.stderr
