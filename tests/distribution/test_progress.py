"""How far a distribution is, node by node: bytes, how fast they come and from where, while it goes on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ringrift_client import Nodes
from ringrift_client.server_events import ServerEvent, server_events
from sqlalchemy import text

from services.distribution.delivery import Progress
from services.distribution.node import Report
from shared.contract.words import DeliveryState
from tests.distribution.bench import Bench
from tests.distribution.conftest import Stage, megabytes, staged
from tests.distribution.test_service import sha
from tests.kit.http_client import HTTP
from tests.kit.narrow import Narrow
from tests.kit.waiting import until

RATE = 1 << 19
PATH = "/v1/distributions/hex8_2p:1"


async def test_how_fast_bytes_arrive_is_between_two_reports(bench: Bench) -> None:
    """By what came and how long that took; of what has arrived nothing is said."""
    head = await bench.promote(1, b"first")
    rates = []
    for state, done in ((DeliveryState.FETCHING, 1), (DeliveryState.FETCHING, 101), (DeliveryState.DELIVERED, 200)):
        async with bench.service.database.write() as tx:
            await tx.execute(text("update distribution.deliveries set updated_at = updated_at - interval '10 seconds'"))
        await bench.records.record_report("node-1", Report("node-1"), [Progress(head, state, done)])
        rates.append((await bench.deliveries())[1, "node-1"].bytes_per_second)
    assert rates[1] is not None
    assert 5 <= rates[1] <= 10
    assert rates[2] is None


@pytest.fixture
def narrow() -> Iterator[Narrow]:
    """The way from the node to the service."""
    with Narrow([], RATE).open() as narrow:
        yield narrow


@pytest.fixture
def stage(database_url: str, nats_url: str, tmp_path: Path, narrow: Narrow) -> Iterator[Stage]:
    """A service that nodes reach by the narrow way, and lets one stream be open."""
    with staged(database_url, nats_url, tmp_path, {"DISTRIBUTION_URL": narrow.url, "MOST_STREAMS": "1"}) as stage:
        narrow.ports = [int(stage.url.rpartition(":")[2])]
        stage.make_agent("node-1", {"DISTRIBUTION_URL": narrow.url})
        stage.start_agent("node-1")
        stage.register("node-1", stage.urls["node-1"])
        yield stage


def followed(stage: Stage, seen: str | None = None) -> list[ServerEvent]:
    """Every event of the distribution's stream, until it ends."""
    headers = {"Last-Event-ID": seen} if seen else {}
    with HTTP.stream("GET", f"{stage.url}{PATH}/progress", headers=headers) as answer:
        assert answer.status_code == 200, answer.read()
        return list(server_events(answer.iter_raw()))


def test_a_distribution_is_followed_while_it_goes_on(stage: Stage) -> None:
    """Each change is told once, with the node's bytes, rate and source, until it is complete; what was seen is not told again; and
    who gets no place among the streams follows by asking."""
    assert HTTP.get(f"{stage.url}{PATH}/progress").status_code == 404
    content = megabytes(4)
    stage.promote(1, content)
    until(lambda: HTTP.get(stage.url + PATH).status_code == 200)
    with HTTP.stream("GET", f"{stage.url}{PATH}/progress") as answer, Nodes(stage.url) as nodes:
        assert HTTP.get(f"{stage.url}{PATH}/progress").status_code == 503
        asked = list(nodes.follow("hex8_2p:1", 120))
        told = list(server_events(answer.iter_raw()))
    views: list[Any] = [json.loads(each.data) for each in told]
    for found in (asked, views):
        states = [each["nodes"]["node-1"] for each in found]
        assert any(each["bytes_per_second"] and 0 < each["from_service"] < len(content) for each in states), states
        assert (states[-1]["state"], states[-1]["from_service"], states[-1]["from_peers"]) == (
            "delivered",
            len(content),
            0,
        )
        assert (found[-1]["ended"], found[-1]["completed_at"] is not None) == (True, True)
    assert [each.id for each in told] == list(dict.fromkeys(each["revision"] for each in views))
    assert (told[0].kind, told[-1].kind) == ("running", "completed")
    assert followed(stage, told[-1].id) == []
    assert [each.id for each in followed(stage, "0" * 16)] == [told[-1].id]
    assert stage.holds("node-1", sha(content))
