"""A process behind nginx, at a path, with TLS: its pages, its links, and who it says was calling."""

import json
import re
import ssl
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest

from tests.kit.processes import suite_process
from tests.kit.waiting import until
from tests.servers.proxied import BEARER, NODE, Certified, Proxied, proxied_agent

FORGED = {"X-Forwarded-For": "6.6.6.6", "X-Forwarded-Proto": "gopher", "X-Forwarded-Host": "evil.example"}


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Certified:
    """An authority of one's own."""
    return Certified.of(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module", params=[False, True], ids=["keeps-the-prefix", "strips-the-prefix"])
def agent(
    request: pytest.FixtureRequest, certified: Certified, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Proxied]:
    """An agent behind nginx, which leaves the prefix on or takes it off."""
    with proxied_agent(tmp_path_factory.mktemp("agent"), certified, strips=request.param) as agent:
        yield agent


@pytest.fixture
def asked(certified: Certified) -> Callable[..., httpx.Response]:
    """GET, from 127.0.0.2 unless another address is given."""
    context = ssl.create_default_context(cafile=certified.authority)

    def get(url: str, headers: Any = None, caller: str = "127.0.0.2") -> httpx.Response:
        transport = httpx.HTTPTransport(verify=context, local_address=caller)
        with httpx.Client(transport=transport) as client:
            return client.get(url, headers=headers)

    return get


def test_f69_the_documentation_loads_under_the_prefix(agent: Proxied, asked: Callable[..., httpx.Response]) -> None:
    """Everything that /docs and /redoc load is there, and OpenAPI names the prefix as its server."""
    for page in ("docs", "redoc"):
        html = asked(f"{agent.shown}/{page}").text
        links = re.findall(r"""(?:src|href|spec-url)="([^"]+)"|url: '([^']+)'""", html)
        loaded = [urljoin(f"{agent.shown}/{page}", one or other) for one, other in links]
        assert any(each.endswith("/openapi.json") for each in loaded)
        assert all(asked(each).status_code == 200 for each in loaded if "localhost" in each), loaded
    described = asked(f"{agent.shown}/openapi.json").json()
    assert [each["url"] for each in described["servers"]] == [f"/ringrift/{NODE}"]


def test_f69_health_and_links_are_with_and_without_the_prefix(
    agent: Proxied, asked: Callable[..., httpx.Response]
) -> None:
    """Probes reach the process at its own address, and its index links to what the proxy shows."""
    for address in (agent.shown, agent.direct, f"{agent.direct}/ringrift/{NODE}"):
        for path in ("/livez", "/readyz", "/health", "/docs", "/"):
            assert asked(address + path).status_code == 200, address + path
    links = asked(f"{agent.shown}/").json()["links"]
    assert all(asked(urljoin(agent.shown, link), BEARER).status_code == 200 for link in links.values()), links


def test_f69_locations_and_instances_stay_under_the_prefix(
    agent: Proxied, asked: Callable[..., httpx.Response]
) -> None:
    """A redirect leads to a path that the proxy shows, whatever host was named, and a problem names the address asked for."""
    for headers in (BEARER, {**BEARER, **FORGED}):
        moved = asked(f"{agent.shown}/v1/models/", headers)
        assert (moved.status_code, moved.headers["Location"]) == (307, f"/ringrift/{NODE}/v1/models")
    missing = asked(f"{agent.shown}/v1/nothing", BEARER).json()
    assert missing["instance"] == f"/ringrift/{NODE}/v1/nothing"
    assert missing["type"] == "urn:ringrift:problem:not-found"
    assert asked(f"{agent.shown}/v1/models").status_code == 401
    assert asked(f"{agent.shown}/v1/models", BEARER).json()["node"] == NODE


def test_f69_the_log_has_the_callers_address(agent: Proxied, asked: Callable[..., httpx.Response]) -> None:
    """Behind the proxy it is who called the proxy, and a header that the caller made up is believed from nobody."""
    refused = {
        "127.0.0.11": (agent.shown, None),
        "127.0.0.12": (agent.shown, FORGED),
        "127.0.0.13": (agent.direct, FORGED),
    }
    for caller, (address, headers) in refused.items():
        assert asked(f"{address}/v1/models", headers, caller).status_code == 401
        until(partial(names, agent, caller), 10, lambda: agent.log)
    assert not names(agent, "6.6.6.6")


def names(agent: Proxied, caller: str) -> bool:
    """Whether a line of the log is about a request that this address made."""
    return any(json.loads(line).get("caller") == caller for line in agent.log.splitlines() if line.startswith("{"))


def test_f69_a_prefix_that_cannot_be_told_from_a_path_is_refused(tmp_path: Path) -> None:
    """The process ends and says which settings cannot work, and what would."""
    settings = {"AGENT_NODE": "a", "ROOT_PATH": "/v1/x", "TRUSTED_PROXIES": "proxy.example", "HTTP_CA": str(tmp_path)}
    process = suite_process("agent", "services.distribution.agent", settings, tmp_path)
    process.start()
    until(lambda: not process.running, 60)
    said = process.log.read_text()
    assert "RINGRIFT_ROOT_PATH: Value error, '/v1/x' begins as the suite's own paths do" in said
    assert "RINGRIFT_TRUSTED_PROXIES" in said
    assert "RINGRIFT_HTTP_CA" in said
