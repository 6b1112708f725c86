"""Who is offered to whom, under which address, and what a torrent must be."""

import hashlib
import random
import sys
from pathlib import Path

import httpx
import pytest
from structlog.testing import capture_logs

from services.distribution.agent.http_ranges import HttpRanges
from services.distribution.agent.settings import AgentSettings
from services.distribution.agent.swarm.torrent import TorrentError, make_torrent, piece_bytes, read_torrent
from services.distribution.agent.transports import new_transport
from services.distribution.offers import NoOffers
from services.distribution.resolver import REMEMBERED_SECONDS, Resolver
from services.distribution.settings import DistributionSettings
from services.distribution.swarm import FIRST_SEEDED, MOST_OFFERED, SwarmNodes
from services.distribution.swarm_parts import swarm_parts
from shared.storage.artifact_folder import ArtifactFolder

DIGEST = "d" * 64
DATABASE = "postgresql+asyncpg://u:p@127.0.0.1/db"


def nodes(number: int) -> SwarmNodes:
    """So many nodes that take part."""
    known = SwarmNodes(random.Random(1))
    for each in range(number):
        known.saw(f"node-{each:03}", (f"10.0.0.{each % 250}", 8781 + each))
    return known


def test_few_nodes_are_offered_each_other_and_the_service() -> None:
    """Each gets all others, never itself, a slice of its own, and the service."""
    known = nodes(8)
    choices = {name: known.choose(name, DIGEST) for name in known.endpoints}
    assert {choice.slice for choice in choices.values() if choice} == set(range(8))
    for name, choice in choices.items():
        assert choice is not None
        assert choice.is_seeded
        assert choice.slices == 8
        assert sorted(choice.peers) == sorted(each for other, each in known.endpoints.items() if other != name)


def test_of_many_nodes_the_first_are_offered_the_service() -> None:
    """The rest get the bytes from those; who asks again gets the same answer, and everybody sixteen peers."""
    known = nodes(100)
    seeded = [name for name in known.endpoints if (choice := known.choose(name, DIGEST)) and choice.is_seeded]
    assert len(seeded) == FIRST_SEEDED
    again = {name: known.choose(name, DIGEST) for name in known.endpoints}
    assert [name for name, choice in again.items() if choice and choice.is_seeded] == seeded
    assert all(choice and len(set(choice.peers)) == MOST_OFFERED for choice in again.values())


def test_nobody_is_sent_to_a_node_that_is_gone() -> None:
    """One that does not answer, that takes no part any more, or that is not registered; and who is alone is offered nothing."""
    known = nodes(5)
    gone = [known.endpoints[f"node-00{number}"] for number in (1, 2, 3)]
    known.lost("node-001")
    known.saw("node-002", None)
    known.keep_only({"node-000", "node-004"})
    choice = known.choose("node-000", DIGEST)
    assert choice is not None
    assert not set(choice.peers) & set(gone)
    known.lost("node-004")
    assert known.choose("node-000", DIGEST) is None
    assert known.choose("node-004", DIGEST) is None


async def test_hosts_are_resolved_now_and_then() -> None:
    """An address is itself, a name is asked for once a minute, and an unknown one has none."""
    now = [0.0]
    resolver = Resolver(lambda: now[0])
    assert await resolver.addresses("::1") == ("::1",)
    assert "127.0.0.1" in await resolver.addresses("localhost")
    assert await resolver.addresses("no-such-host.invalid") == ()
    now[0] = REMEMBERED_SECONDS
    assert await resolver.all_addresses(["10.0.0.9", "10.0.0.9", "no-such-host.invalid"]) == ["10.0.0.9"]


@pytest.mark.parametrize(("size", "piece"), [(1, 1 << 14), (8 << 20, 1 << 14), (64 << 20, 1 << 17), (2 << 30, 1 << 22)])
def test_a_large_file_has_512_pieces_or_up_to_twice_as_many(size: int, piece: int) -> None:
    """A small one has pieces of 16 KiB."""
    assert piece_bytes(size) == piece
    assert piece_bytes(2 * size - 1) in (piece, 1 << 14)


def test_a_torrent_is_of_one_file_under_its_digest(tmp_path: Path) -> None:
    """The same file has the same infohash; another torrent, digest or size is refused, and so is what is none."""
    content = random.Random(2).randbytes(100_000)
    digest = hashlib.sha256(content).hexdigest()
    (tmp_path / digest).write_bytes(content)
    infohash, torrent = made = make_torrent(tmp_path / digest, digest)
    assert make_torrent(tmp_path / digest, digest) == made
    assert read_torrent(torrent, digest, len(content), infohash).ti
    for wrong in (
        (torrent, digest, len(content), "0" * 64), (torrent, DIGEST, len(content), infohash),
        (torrent, digest, 5, infohash), (b"de", digest, 5, None), (b"", digest, 5, None), (b"li1ee", digest, 5, None),
    ):  # fmt: skip
        with pytest.raises(TorrentError):
            read_torrent(*wrong)


async def test_without_libtorrent_models_go_over_http(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Agent and service say so and work; who insists on the swarm does not start, and learns what to install."""
    for name in [
        name
        for name in sys.modules
        if name.startswith(("services.distribution.agent.swarm.", "services.distribution.seed"))
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "libtorrent", None)
    agent, service = AgentSettings(agent_node="node-1", agent_dir=tmp_path), DistributionSettings(database_url=DATABASE)
    with capture_logs() as said:
        async with httpx.AsyncClient() as client:
            assert isinstance(new_transport(agent, client, client), HttpRanges)
        parts = swarm_parts(service, ArtifactFolder(tmp_path), Resolver())
    assert isinstance(parts.offers, NoOffers)
    assert parts.torrents is None
    assert [each["event"] for each in said if each.get("install") == "ringrift-suite[swarm]"] == [
        "no swarm",
        "no swarm",
    ]
    for insisting in (
        AgentSettings(agent_node="node-1", agent_transport="swarm"),
        DistributionSettings(database_url=DATABASE, distribution_transport="swarm"),
    ):
        assert any("ringrift-suite[swarm]" in fault for fault in insisting.faults())
