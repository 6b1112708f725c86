"""What many workers cost the service, and it them: simulated workers (simulated.py) beside the whole suite, on the same cores."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from itertools import cycle
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import httpx
import psutil
from rich.table import Table

from local.suite import Addresses, Suite
from services.gauntlet.worker.loop import WorkerLoop
from shared.process.logs import configure_logs
from tests.benchmarks.simulated import Measured, NoModels, Span, TimedWork, Waits

DEMO = Path(__file__).resolve().parents[2] / "models" / "demo"
GAME_SECONDS, NUM_PLAYERS = 0.25, 2
BOARD_TYPES = ("hex8", "square8")
PER_WORKER, LONG_EVALUATIONS, LONG_GAMES = 3, 8, 1000
"""Evaluations for each worker, of which there are enough to keep them busy; and those that a thousand workers share."""
CLAIMING_SECONDS, MEETING_SECONDS = 60.0, 20.0
"""For how long claims are timed, and after which time: all of them come at once."""
SETTINGS = {
    "RINGRIFT_GAUNTLET_WORKERS": "0", "RINGRIFT_MOST_CONNECTIONS": "3000", "RINGRIFT_LOG_LEVEL": "WARNING",
    "RINGRIFT_AUTO_PROMOTE": "false",
}  # fmt: skip
SEARCH = {"RINGRIFT_GAUNTLET_SIMULATIONS": "500"}
"""With which the service expects games to be long, before it knows."""


class Busy(NamedTuple):
    """Of the workers' time, the share that went into games that count: while evaluations waited to begin, and until the last had
    ended. surplus: what was played beside them, for each of them; verdict_seconds: from an evaluation's first game to its end."""

    efficiency: float
    to_the_end: float
    surplus: float
    verdict_seconds: float


def workers(quick: bool) -> Table:
    """Efficiency and surplus of 1, 2, 4 and 16 workers, and how long a claim takes beside 1,000."""
    table = Table("figure", "value", title="Workers")
    configure_logs("bench", "WARNING")
    with running(SETTINGS) as suite:
        for number in (1, 2, 4, 16):
            found = asyncio.run(busy(suite, number, number if quick else PER_WORKER * number))
            table.add_row(f"efficiency_{number}", f"{found.efficiency:.3f}")
            table.add_row(f"efficiency_{number}_to_the_end", f"{found.to_the_end:.3f}")
            table.add_row(f"surplus_{number}", f"{found.surplus:.4f}")
            table.add_row(f"verdict_seconds_{number}", f"{found.verdict_seconds:.1f}")
        alone = asyncio.run(busy(suite, 16, 1))
        table.add_row("surplus", f"{found.surplus:.4f}")
        table.add_row("surplus_16_alone", f"{alone.surplus:.4f}")
        table.add_row("verdict_seconds_16_alone", f"{alone.verdict_seconds:.1f}")
    with running(SETTINGS | SEARCH) as suite:
        for name, value in asyncio.run(claiming(suite, 100 if quick else 1000)).items():
            table.add_row(name, f"{value:,.0f}")
    return table


@contextmanager
def running(settings: Mapping[str, str]) -> Iterator[Suite]:
    """A suite whose gauntlet has no workers of its own."""
    with tempfile.TemporaryDirectory(prefix="ringrift-bench-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        suite = Suite(Path(folder), Addresses.free(nodes=1), settings=settings)
        with suite.running(lambda _: None):
            yield suite


async def busy(suite: Suite, number: int, evaluations: int) -> Busy:
    """`number` workers play so many evaluations."""
    async with fleet(suite, number, GAME_SECONDS) as (client, measured):
        asked = await ask(client, suite, evaluations)
        ended = [await ended_of(client, each) for each in asked]
    counts = {
        (UUID(each["id"]), met["opponent"], first)
        for each in ended
        for met in each["opponents"]
        for first in range(0, met["games"], NUM_PLAYERS)
    }
    counted = [spans[0] for key, spans in measured.blocks.items() if key in counts]
    played = [span for spans in measured.blocks.values() for span in spans] + measured.in_vain
    begun = min(measured.first_claims.values())
    waiting, whole = Span(begun, max(measured.first_claims.values())), Span(begun, max(each.ended for each in counted))
    return Busy(
        share(counted, waiting, number), share(counted, whole, number), seconds(played) / seconds(counted) - 1,
        sum(map(verdict_seconds, ended)) / len(ended),
    )  # fmt: skip


async def claiming(suite: Suite, number: int) -> dict[str, float]:
    """How long claims and reports take while so many workers play long evaluations, a block each; there is work for all of them."""
    service = psutil.Process(suite.processes["gauntlet"].pid)
    async with fleet(suite, number, 20 * GAME_SECONDS) as (client, measured):
        await ask(client, suite, LONG_EVALUATIONS, games=LONG_GAMES)
        await asyncio.sleep(MEETING_SECONDS)
        since, before = time.perf_counter(), sum(service.cpu_times()[:2])
        await asyncio.sleep(CLAIMING_SECONDS)
        spent = sum(service.cpu_times()[:2]) - before
    claims, reports = timed(measured.claims, since), timed(measured.reports, since)
    return {
        "claim_p50_ms": percentile(claims, 0.5), "claim_p99_ms": percentile(claims, 0.99),
        "report_p50_ms": percentile(reports, 0.5), "report_p99_ms": percentile(reports, 0.99),
        "claims_a_second": len(claims) / CLAIMING_SECONDS, "reports_a_second": len(reports) / CLAIMING_SECONDS,
        "service_cpu_ms_per_claim": 1000 * spent / len(claims), "claiming_workers": number,
    }  # fmt: skip


@asynccontextmanager
async def fleet(suite: Suite, number: int, game_seconds: float) -> AsyncIterator[tuple[httpx.AsyncClient, Measured]]:
    """So many workers while the block lasts, and a client for who watches."""
    measured, url = Measured(), suite.addresses.url("gauntlet")
    limits = httpx.Limits(max_connections=2 * number + 10, max_keepalive_connections=2 * number + 10)
    async with httpx.AsyncClient(timeout=60, limits=limits, trust_env=False) as client:
        source = TimedWork(client, url)
        source.measured = measured
        name = uuid4().hex[:8]
        loops = [
            WorkerLoop(f"{name}:{each}", source, NoModels(), Waits(game_seconds, measured), lanes=1).run()
            for each in range(number)
        ]
        tasks = [asyncio.create_task(each) for each in loops]
        await asyncio.sleep(1)
        yield client, measured
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(each, asyncio.CancelledError) for each in ended), ended


async def ask(client: httpx.AsyncClient, suite: Suite, evaluations: int, **asked: Any) -> list[str]:
    """So many new evaluations, of each configuration in turn."""
    url = suite.addresses.url("gauntlet")
    found = []
    for _, board_type in zip(range(evaluations), cycle(BOARD_TYPES)):
        body = {"board_type": board_type, "num_players": NUM_PLAYERS, "model_path": new_model(suite), **asked}
        found.append(f"{url}/v1/evaluations/{(await client.post(f'{url}/v1/evaluations', json=body)).json()['id']}")
    return found


def new_model(suite: Suite) -> str:
    """A model that nobody has evaluated before, whose games are not known; simulated workers load none."""
    name = f"{uuid4()}.pth"
    (suite.models / name).write_bytes((DEMO / "hex8_2p_untrained.pth").read_bytes() + name.encode())
    return f"models/{name}"


async def ended_of(client: httpx.AsyncClient, address: str) -> dict[str, Any]:
    """An evaluation, once it has ended."""
    while True:
        found: dict[str, Any] = (await client.get(address)).json()
        if found["state"] in ("completed", "failed"):
            assert found["state"] == "completed", found["failure_reason"]
            return found
        await asyncio.sleep(0.5)


def verdict_seconds(ended: dict[str, Any]) -> float:
    """By the service's clock."""
    return (datetime.fromisoformat(ended["ended_at"]) - datetime.fromisoformat(ended["started_at"])).total_seconds()


def share(spans: Sequence[Span], window: Span, number: int) -> float:
    """Of the time of so many workers in a window."""
    lasted = window.ended - window.begun
    return sum(each.within(window) for each in spans) / (number * lasted) if lasted else 0.0


def seconds(spans: Sequence[Span]) -> float:
    """Of all of them together."""
    return sum(each.ended - each.begun for each in spans)


def timed(spans: Sequence[Span], since: float) -> list[float]:
    """Milliseconds of those that began since then, sorted."""
    return sorted(1000 * (each.ended - each.begun) for each in spans if each.begun >= since)


def percentile(ordered: Sequence[float], quantile: float) -> float:
    """The nearest one."""
    return ordered[int(len(ordered) * quantile)]
