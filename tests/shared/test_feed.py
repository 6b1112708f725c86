"""Reading a producer's feed, over a producer and an inbox with names of their own and no server."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from shared.contract.events import RejectedError
from shared.messaging.feed import PAGE, Feed


@dataclass
class FakeProducer:
    """A service's feed of numbered events; `away` answers that many times with 503."""

    events: int = 0
    away: int = 0
    asked: list[httpx.URL] = field(default_factory=list)

    def answer(self, request: httpx.Request) -> httpx.Response:
        """GET /v1/events."""
        self.asked.append(request.url)
        if self.away:
            self.away -= 1
            return httpx.Response(503)
        after, limit = request.url.params["after"], int(request.url.params["limit"])
        first = int(after.split(".")[1])
        numbers = range(first + 1, min(first + limit, self.events) + 1)
        items = [{"number": number} for number in numbers]
        return httpx.Response(200, json={"items": items, "next": f"0.{numbers[-1]}" if numbers else after})


@dataclass
class FakeInbox:
    """Remembers what it received; refuses the numbers in `refused`, and fails at `broken`."""

    cursors: dict[str, str] = field(default_factory=dict)
    received: list[int] = field(default_factory=list)
    buried: list[tuple[str, str, int]] = field(default_factory=list)
    refused: set[int] = field(default_factory=set)
    broken: set[int] = field(default_factory=set)
    enough: asyncio.Event = field(default_factory=asyncio.Event)
    advances: int = 0

    async def cursor(self, producer: str) -> str | None:
        return self.cursors.get(producer)

    async def advance(self, producer: str, cursor: str) -> None:
        self.advances += 1
        self.cursors[producer] = cursor

    async def receive(self, payload: bytes | str) -> None:
        number = json.loads(payload)["number"]
        if number in self.broken:
            raise OSError("the database is away")
        if number in self.refused:
            raise RejectedError(f"{number} is refused")
        self.received.append(number)
        self.enough.set()

    async def bury(self, subject: str, payload: bytes | str, reason: str, deliveries: int) -> None:
        self.buried.append((subject, reason, deliveries))


class Trial:
    """A feed between the two."""

    def __init__(self) -> None:
        self.producer, self.inbox = FakeProducer(), FakeInbox()
        client = httpx.AsyncClient(transport=httpx.MockTransport(self.producer.answer))
        self.feed = Feed("promotion", "http://promotion", ("A", "B"), self.inbox, client)


@pytest.fixture
def trial() -> Trial:
    """A new feed."""
    return Trial()


async def test_it_goes_on_where_it_left_off(trial: Trial) -> None:
    """Each event is received once, in order, and the cursor follows."""
    trial.producer.events = 3
    assert not await trial.feed.read_page()
    assert not await trial.feed.read_page()
    trial.producer.events = 4
    assert not await trial.feed.read_page()
    assert trial.inbox.received == [1, 2, 3, 4]
    assert trial.inbox.cursors == {"promotion": "0.4"}
    assert trial.inbox.advances == 2


async def test_it_asks_for_the_types_that_are_handled(trial: Trial) -> None:
    """From the beginning at first, a page at a time."""
    await trial.feed.read_page()
    [asked] = trial.producer.asked
    assert (asked.host, asked.path) == ("promotion", "/v1/events")
    assert asked.params.multi_items() == [("after", "0.0"), ("limit", str(PAGE)), ("type", "A"), ("type", "B")]


async def test_a_refused_event_is_buried_and_passed(trial: Trial) -> None:
    """One event that can never be handled holds up no other."""
    trial.producer.events, trial.inbox.refused = 3, {2}
    await trial.feed.read_page()
    assert trial.inbox.received == [1, 3]
    assert trial.inbox.buried == [("feed of promotion", "2 is refused", 1)]
    assert trial.inbox.cursors == {"promotion": "0.3"}


async def test_g04_a_failure_leaves_the_cursor(trial: Trial) -> None:
    """What could not be handled just now is read again."""
    trial.producer.events, trial.inbox.broken = 3, {2}
    with pytest.raises(OSError, match="away"):
        await trial.feed.read_page()
    assert trial.inbox.cursors == {}
    trial.inbox.broken = set()
    await trial.feed.read_page()
    assert trial.inbox.received == [1, 1, 2, 3]


async def test_following_reads_page_after_page_and_survives_an_absence(trial: Trial) -> None:
    """A full page is followed by the next at once; a producer that is away is asked again."""
    trial.producer.events, trial.producer.away = 2 * PAGE + 1, 1
    following: asyncio.Task[Any] = asyncio.create_task(trial.feed.follow(0.001))
    async with asyncio.timeout(10):
        while len(trial.inbox.received) < 2 * PAGE + 1:
            trial.inbox.enough.clear()
            await trial.inbox.enough.wait()
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    assert trial.inbox.received == list(range(1, 2 * PAGE + 2))
