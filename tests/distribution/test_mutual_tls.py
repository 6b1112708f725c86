"""The distribution service's client and an agent over TLS, each of which shows the other who it is."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from local.ports import free_port
from services.distribution.agent.settings import AgentSettings
from services.distribution.delivery import Head
from services.distribution.node import Node
from services.distribution.node_client import AgentClient
from services.distribution.settings import DistributionSettings
from shared.process.http_client import new_client
from shared.process.http_settings import HttpSettings
from shared.process.settings import SettingsError, load_settings
from shared.storage.artifact_folder import ArtifactFolder
from tests.distribution.source import Source
from tests.kit.certificates import Pair, issue, make_ca
from tests.kit.processes import suite_process
from tests.kit.waiting import async_until

NODE = {"RINGRIFT_AGENT_NODE": "node-1"}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """The one that both trust."""
    return make_ca(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def source() -> Iterator[Source]:
    """Where models are to be had."""
    with Source().serving() as source:
        yield source


@pytest.fixture
def agent(tmp_path: Path, authority: Pair, source: Source) -> Iterator[str]:
    """The address of an agent that answers nobody without a certificate."""
    own, port = issue(authority, "node-1", ["127.0.0.1"]), free_port()
    settings = {
        "AGENT_NODE": "node-1", "AGENT_PORT": str(port), "AGENT_DIR": str(tmp_path / "node-1"), "AGENT_TRANSPORT": "http",
        "DISTRIBUTION_URL": source.url, "TLS_CERTIFICATE": str(own.certificate), "TLS_KEY": str(own.key),
        "TLS_CLIENT_CA": str(authority.certificate),
    }  # fmt: skip
    process = suite_process("node-1", "services.distribution.agent", settings, tmp_path)
    process.start()
    try:
        yield f"https://127.0.0.1:{port}"
    finally:
        process.kill()


async def test_only_who_shows_a_certificate_is_answered(
    agent: str, authority: Pair, source: Source, tmp_path: Path
) -> None:
    """A model arrives; without a certificate, with one of another authority, or without TLS, nobody says a word."""
    own, node = issue(authority, "distribution", []), Node("node-1", agent)
    settings = DistributionSettings(
        database_url="postgresql+asyncpg://u:p@127.0.0.1/db", http_ca=authority.certificate, http_certificate=own.certificate,
        http_key=own.key,
    )  # fmt: skip
    (tmp_path / "model").write_bytes(b"first")
    store = ArtifactFolder(tmp_path / "artifacts")
    digest = store.take_in(tmp_path / "model").digest
    source.files[digest] = b"first"
    async with new_client(settings) as client:
        agents = AgentClient(client, store, source.url)
        await async_until(lambda: _answers(client, agent), 60)
        await agents.order(node, Head("hex8_2p", 1, digest, 5))

        async def held() -> bool:
            return "hex8_2p" in (await agents.report(node)).models

        await async_until(held)
    stranger = issue(make_ca(tmp_path / "other"), "stranger", [])
    for pair in (None, stranger):
        await _is_refused(agent, authority, pair)
    await _is_refused(agent.replace("https", "http"), authority, None)
    assert digest == hashlib.sha256(b"first").hexdigest()


async def _answers(client: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await client.get(f"{url}/livez", auth=None)).is_success
    except httpx.ConnectError:
        return False


async def _is_refused(url: str, authority: Pair, pair: Pair | None) -> None:
    trusting = ssl.create_default_context(cafile=authority.certificate)
    if pair is not None:
        trusting.load_cert_chain(pair.certificate, pair.key)
    async with httpx.AsyncClient(verify=trusting, trust_env=False, timeout=60) as client:
        with pytest.raises(httpx.TransportError):
            await client.get(f"{url}/health")


def test_what_belongs_together_is_given_together(authority: Pair, tmp_path: Path) -> None:
    """A certificate without its key, another's key, or an authority for callers without TLS: said at the start."""
    one, other = issue(authority, "one", []), issue(authority, "other", [])
    for name in ("HTTP", "TLS"):
        certificate = {f"RINGRIFT_{name}_CERTIFICATE": str(one.certificate)}
        with pytest.raises(SettingsError, match=f"RINGRIFT_{name}_KEY: .*give both or none"):
            load_settings(AgentSettings, NODE | certificate)
        with pytest.raises(SettingsError, match="are no certificate in PEM form with its private key"):
            load_settings(AgentSettings, NODE | certificate | {f"RINGRIFT_{name}_KEY": str(other.key)})
        with pytest.raises(SettingsError, match="cannot be read"):
            load_settings(AgentSettings, NODE | certificate | {f"RINGRIFT_{name}_KEY": str(tmp_path / "nothing")})
    with pytest.raises(SettingsError, match="needs RINGRIFT_TLS_CERTIFICATE"):
        load_settings(AgentSettings, NODE | {"RINGRIFT_TLS_CLIENT_CA": str(authority.certificate)})
    served = {"RINGRIFT_TLS_CERTIFICATE": str(one.certificate), "RINGRIFT_TLS_KEY": str(one.key)}
    assert load_settings(AgentSettings, NODE | served).own_url == "https://127.0.0.1:8780"
    assert HttpSettings().tls_certificate is None
