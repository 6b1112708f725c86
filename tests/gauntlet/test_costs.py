"""What games cost is counted once, whoever played them and however often it is said; figures count what is committed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import pytest
from prometheus_client import REGISTRY

from services.gauntlet.cost import Cost
from services.gauntlet.errors import ClaimOverError, DifferentGameError
from services.gauntlet.worker.reporter import Costs, Reporter
from services.gauntlet.worker.work import WorkFailure, WorkReport
from shared.contract.policy import GatePolicy
from shared.storage.database import Database, Read, Write
from tests.gauntlet.fake_work import FakeSource, games, work
from tests.gauntlet.trial import CLOSE, Trial, played, report
from tests.kit.virtual_time import in_virtual_time

LONG = GatePolicy(games=200, random_win_rate=0.5, heuristic_win_rate=0.5)
FIGURES = ("games", "surplus_games", "cpu_seconds", "worker_deaths", "disputed_games", "claims")


@dataclass
class BrokenDatabase:
    """A database of which every write fails when it is to be committed."""

    sound: Database

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Read]:
        """As of the sound one."""
        async with self.sound.read() as tx:
            yield tx

    @asynccontextmanager
    async def write(self, *, quiet: bool = False) -> AsyncIterator[Write]:
        """Rolled back."""
        async with self.sound.write(quiet=quiet) as tx:
            yield tx
            raise OSError("the disk is full")

    def wake(self) -> None:
        """Nobody is woken."""

    def changes(self, sweep: float) -> AsyncIterator[None]:
        """As of the sound one."""
        return self.sound.changes(sweep)


def counter() -> Callable[[], dict[str, float]]:
    """How far each figure went on from here."""

    def now() -> dict[str, float]:
        labels = {"games": {"opponent": "random"}}
        read = {
            name: REGISTRY.get_sample_value(f"ringrift_gauntlet_{name}_total", labels.get(name)) for name in FIGURES
        }
        return {name: value or 0.0 for name, value in read.items()}

    before = now()
    return lambda: {name: value - before[name] for name, value in now().items() if value != before[name]}


async def test_a_report_says_what_the_claim_cost_so_far(trial: Trial) -> None:
    """What was said before is not counted again: neither in the same report, nor in one that says more, nor in the last one."""
    evaluation_id = await trial.queue(policy=LONG)
    claimed, counted = await trial.claim(), counter()
    first = report(claimed, games=played(claimed)[:4], done=False)
    more = report(claimed, games=played(claimed)[:8], cpu_seconds=4.0, done=False)
    for said in (first, first, more, more):
        await trial.work.report(claimed.claim_id, said)
    assert (await trial.evaluation(evaluation_id)).cost == Cost(4.0, 1.0)
    assert counted() == {"games": 8.0, "cpu_seconds": 4.0}
    await trial.work.report(
        claimed.claim_id, WorkReport(cpu_seconds=5.0, forward_seconds=2.0, surplus_games=3, done=True)
    )
    assert (await trial.evaluation(evaluation_id)).cost == Cost(5.0, 2.0, 3)
    assert counted() == {"games": 8.0, "cpu_seconds": 5.0, "surplus_games": 3.0}


async def test_a_worker_that_is_told_to_stop_says_what_it_spent(trial: Trial) -> None:
    """Its games count for nothing, what they cost does, once; then the claim is gone."""
    evaluation_id = await trial.queue(policy=CLOSE)
    mine, others = await trial.claim(games=8), await trial.claim(games=2)
    await trial.work.report(mine.claim_id, report(mine, done=False))
    before = await trial.games(evaluation_id)
    assert not (await trial.work.report(others.claim_id, report(others, done=False))).alive
    assert not (await trial.work.report(others.claim_id, WorkReport(cpu_seconds=2.0, done=True))).alive
    assert not (
        await trial.work.report(mine.claim_id, WorkReport(cpu_seconds=1.75, forward_seconds=1, done=True))
    ).alive
    assert await trial.games(evaluation_id) == before
    assert (await trial.evaluation(evaluation_id)).cost == Cost(3.75, 2.0)
    for claimed in (mine, others):
        with pytest.raises(ClaimOverError):
            await trial.work.report(claimed.claim_id, WorkReport(cpu_seconds=9, done=True))


async def test_figures_count_what_is_committed(trial: Trial) -> None:
    """Nothing of a claim, a report, a dispute or a death whose transaction failed; each once when it did not."""
    await trial.queue(policy=LONG)
    claimed = await trial.claim()
    await trial.work.report(claimed.claim_id, report(claimed, games=played(claimed)[:2], done=False))
    broken, counted = replace(trial.work, database=BrokenDatabase(trial.database)), counter()
    failure = WorkFailure(code="worker_lost", reason="code -9")
    for failing in (
        broken.report(claimed.claim_id, report(claimed, done=False, cpu_seconds=9)),
        broken.fail(claimed.claim_id, failure),
        broken.report(claimed.claim_id, report(claimed, units=0)),
        trial.claims(1, broken),
    ):
        with pytest.raises(OSError, match="disk is full"):
            await failing
    assert counted() == {}
    with pytest.raises(DifferentGameError):
        await trial.work.report(claimed.claim_id, report(claimed, units=0))
    again = await trial.claim()
    await trial.work.fail(again.claim_id, failure)
    assert counted() == {"disputed_games": 2.0, "worker_deaths": 1.0, "claims": 1.0}


@in_virtual_time
async def test_every_report_with_games_has_their_cost() -> None:
    """A gate that it decides is decided with what it cost; signs of life say nothing of it."""
    source = FakeSource()
    reporter = Reporter(source, work(1))
    running = asyncio.create_task(reporter.run())
    for first, spent in ((0, Costs(1.0, 0.5)), (2, Costs(2.5, 1.0))):
        reporter.played(games(2, first=first), spent)
        await asyncio.wait([running], timeout=1)
    await asyncio.wait([running], timeout=3)
    running.cancel()
    said = [report for _, report in source.reports]
    told = [(report.cpu_seconds, report.forward_seconds) for report in said if report.games]
    assert told == [(1.0, 0.5), (2.5, 1.0)]
    assert said[-1] == WorkReport()
