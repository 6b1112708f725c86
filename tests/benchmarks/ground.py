"""What the ground costs: announcing trainings by both doors, feeds and /status over many events, bytes that a training leaves.

A whole suite with durable servers runs beside the measuring process, on the same cores.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import httpx
from rich.table import Table
from ringrift_client.trainings import training_event

from local.suite import Addresses, Suite
from shared.messaging.bus import Bus
from tests.kit import floods
from tests.kit.http_client import HTTP
from tests.kit.waiting import async_until, until

DEMO = Path(__file__).resolve().parents[2] / "models" / "demo"
SUBJECT = "ringrift.events.TRAINING_COMPLETED.hex8_2p"
RARE = "MODEL_PROMOTED"
ONE_BY_ONE = 200
POSTS = {"gauntlet": "/v1/evaluations", "promotion": "/admin/promote", "distribution": "/v1/nodes"}
Announce = Callable[[str], Awaitable[object]]
FILL = """
    insert into promotion.outbox (event_id, type, subject, event, sequence, published_at)
    select gen_random_uuid(), type, subject, event, last.sequence + n, now()
    from (select * from promotion.outbox where sequence is not null order by sequence limit 1) one,
        (select max(sequence) as sequence from promotion.outbox) last, generate_series(1, %d) n"""
EVALUATIONS = """
    insert into gauntlet.evaluations select copy.*
    from (select * from gauntlet.evaluations where state = 'completed' limit 1) one, generate_series(1, %d) n,
        jsonb_populate_record(null::gauntlet.evaluations, to_jsonb(one) || jsonb_build_object(
            'id', gen_random_uuid(), 'requested_at', requested_at - n * interval '1 second'
        )) copy;
    analyze gauntlet.evaluations"""
LONG_GAMES = 1000
"""Of one gauntlet: it lasts longer than what is measured meanwhile."""
KEPT = """
    select sum(pg_total_relation_size(oid)) from pg_class
    where relkind = 'r' and relnamespace::regnamespace::text in ('gauntlet', 'promotion', 'distribution')"""


def ground(quick: bool) -> Table:
    """Every figure of the ground, by its name."""
    table = Table("figure", "n", "a second", "p50 ms", "p99 ms", title="The ground")
    with running() as suite:
        for row in asyncio.run(announcing(suite, 300 if quick else 3000)):
            table.add_row(*row)
        for events in (20_000,) if quick else (200_000, 1_000_000):
            fill(suite, events)
            table.add_row(*timed(f"feed, rare type, {events:,} events", suite, f"/v1/events?type={RARE}"))
            table.add_row(*timed(f"/status, {events:,} events", suite, "/status"))
    with running() as suite:
        table.add_row("bytes kept a day for 1,000 trainings", f"{bytes_a_day(suite, 2 if quick else 6):,}")
        table.add_row(*while_playing(suite, 20_000 if quick else 200_000))
    for figure, count, mb in peak_memory():
        table.add_row(figure, count, mb)
    return table


@contextmanager
def running() -> Iterator[Suite]:
    """A suite with one node and the demo models, while the block lasts."""
    with tempfile.TemporaryDirectory(prefix="ringrift-bench-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        suite = Suite(Path(folder), Addresses.free(nodes=1))
        with suite.running(lambda _: None):
            shutil.copy(DEMO / "hex8_2p_untrained.pth", suite.models / "untrained.pth")
            yield suite


async def announcing(suite: Suite, burst: int) -> list[tuple[str, str, str, str, str]]:
    """Announcements one by one and many at once, over HTTP and over NATS; kept is what the gauntlet service has in Postgres."""
    gauntlet, bus = suite.addresses.url("gauntlet"), Bus(suite.nats.url, "bench")
    limits = httpx.Limits(max_connections=16)
    async with httpx.AsyncClient(timeout=300, limits=limits, trust_env=False) as client:

        async def over_http(event_id: str) -> object:
            answer = await client.post(f"{gauntlet}/v1/trainings", json=event(event_id))
            return answer.raise_for_status().status_code

        async def over_nats(event_id: str) -> object:
            await bus.send(SUBJECT, json.dumps(event(event_id)).encode(), event_id)
            return None

        doors: dict[str, Announce] = {"HTTP": over_http, "NATS": over_nats}
        rows = [await one_by_one(door, announce) for door, announce in doors.items()]

        async def all_one_by_one_are_kept() -> bool:
            return kept(suite) == len(doors) * ONE_BY_ONE

        await async_until(all_one_by_one_are_kept, 60)
        rows += [await at_once(door, announce, burst, suite) for door, announce in doors.items()]
    await bus.close()
    return rows


def event(event_id: str) -> dict[str, object]:
    """A trainer's event of a model that is really there."""
    data = {"board_type": "hex8", "num_players": 2, "model_path": "models/untrained.pth"}
    return training_event(data, "/bench", event_id)


async def one_by_one(door: str, announce: Announce, count: int = ONE_BY_ONE) -> tuple[str, str, str, str, str]:
    """Each after the other was acknowledged."""
    seconds = []
    for _ in range(count):
        started = time.perf_counter()
        await announce(uuid4().hex)
        seconds.append(time.perf_counter() - started)
    return row(f"trainings over {door}, one by one", seconds, count / sum(seconds))


async def at_once(door: str, announce: Announce, count: int, suite: Suite) -> tuple[str, str, str, str, str]:
    """All at the same moment, until every one of them is in Postgres."""
    before, started = kept(suite), time.perf_counter()
    gate, seconds = asyncio.Semaphore(64), list[float]()

    async def one() -> None:
        async with gate:
            await announce(uuid4().hex)
        seconds.append(time.perf_counter() - started)

    async def all_kept() -> bool:
        return kept(suite) - before >= count

    await asyncio.gather(*(one() for _ in range(count)))
    await async_until(all_kept, 900)
    return row(f"trainings over {door}, at once", seconds, count / (time.perf_counter() - started))


def kept(suite: Suite) -> int:
    """How many trainings the gauntlet service has in Postgres."""
    return int(suite.postgres.execute("select count(*) from gauntlet.trainings", database="ringrift"))


def fill(suite: Suite, events: int) -> None:
    """Bring the promotion service's feed to so many events, nearly all of one type."""
    placed = "select count(*) from promotion.outbox where sequence is not null"
    there = until(lambda: int(suite.postgres.execute(placed, database="ringrift")), 120)
    suite.postgres.execute(FILL % (events - there), database="ringrift")
    suite.postgres.execute("analyze promotion.outbox", database="ringrift")


def timed(name: str, suite: Suite, path: str, count: int = 200) -> tuple[str, str, str, str, str]:
    """A GET of the promotion service, again and again."""
    seconds = []
    with httpx.Client(base_url=suite.addresses.url("promotion"), timeout=60, trust_env=False) as client:
        for _ in range(count):
            started = time.perf_counter()
            client.get(path).raise_for_status()
            seconds.append(time.perf_counter() - started)
    return row(name, seconds, count / sum(seconds))


def bytes_a_day(suite: Suite, trainings: int) -> int:
    """What 1,000 whole evaluations leave in the tables, from a few of them."""
    before = int(suite.postgres.execute(KEPT, database="ringrift"))
    gauntlet = suite.addresses.url("gauntlet")
    for name in ("trained", "successor"):
        shutil.copy(DEMO / f"hex8_2p_{name}.pth", suite.models / f"{name}.pth")
    for number in range(trainings):
        data = {
            "board_type": "hex8",
            "num_players": 2,
            "model_path": f"models/{('trained', 'successor')[number % 2]}.pth",
        }
        HTTP.post(f"{gauntlet}/v1/trainings", json=training_event(data, "/bench", uuid4().hex)).raise_for_status()
    ended = "select count(*) from promotion.decisions"
    until(lambda: int(suite.postgres.execute(ended, database="ringrift")) == trainings, 600)
    suite.postgres.execute("vacuum", database="ringrift")
    return (int(suite.postgres.execute(KEPT, database="ringrift")) - before) * 1000 // trainings


def while_playing(suite: Suite, evaluations: int) -> tuple[str, str, str, str, str]:
    """`/status` behind so many evaluations, while a gauntlet runs."""
    suite.postgres.execute(EVALUATIONS % evaluations, database="ringrift")
    body = {"board_type": "hex8", "num_players": 2, "model_path": "models/trained.pth", "games": LONG_GAMES}
    with httpx.Client(base_url=suite.addresses.url("gauntlet"), trust_env=False) as client:
        client.post("/v1/evaluations", json=body).raise_for_status()
    playing = "select count(*) from gauntlet.evaluations where state = 'running'"
    until(lambda: suite.postgres.execute(playing, database="ringrift") == "1", 120)
    row = timed(f"/status, {evaluations:,} evaluations, a gauntlet runs", suite, "/status")
    assert suite.postgres.execute(playing, database="ringrift") == "1", "the gauntlet ended meanwhile"
    return row


def peak_memory() -> list[tuple[str, str, str]]:
    """The most memory that each service takes in MB: at rest, and under each flood of tests/kit/floods.py, one after the other."""
    rows = []
    with running() as suite:
        for name, path in POSTS.items():
            url, pid = suite.addresses.url(name), suite.processes[name].pid
            assert pid is not None
            for flood in ("at rest", *floods.ALL):
                if flood in floods.ALL:
                    asyncio.run(floods.ALL[flood](url, path))
                rows.append((f"MB of {name}: {flood}", "100", f"{floods.resident_bytes(pid, 'VmHWM') / floods.MB:.0f}"))
    return rows


def row(name: str, seconds: list[float], rate: float) -> tuple[str, str, str, str, str]:
    """A line of the table."""
    placed = sorted(seconds)
    middle, high = placed[len(placed) // 2], placed[min(int(len(placed) * 0.99), len(placed) - 1)]
    return name, str(len(placed)), f"{rate:,.0f}", f"{1000 * middle:.1f}", f"{1000 * high:.1f}"
