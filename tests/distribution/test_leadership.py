"""Who of several processes leads: by a lease in the database, whatever they or their clocks do."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from services.distribution.repository import daemon_lease
from shared.process.identity import has_ended, own_identity
from shared.service.leadership import Leadership
from shared.storage.database import Database
from shared.storage.leases import Holder, LeaseLostError
from tests.kit.waiting import async_until

ELSEWHERE = Holder("another-boot/pid:[1]/7/7", "elsewhere:8772")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """The distribution service's."""
    database = Database(database_url)
    yield database
    await database.close()


class Worker:
    """A process that leads whenever it can. `begun`, `ended`: how often its work did."""

    def __init__(self, database: Database, name: str, seconds: float) -> None:
        self.leadership = Leadership(database, daemon_lease(seconds), name, lambda: {}, identity=f"boot/ns/{name}/1")
        self.begun = self.ended = 0
        self.task = asyncio.create_task(self.leadership.lead(self._work))

    async def _work(self) -> None:
        self.begun += 1
        try:
            await asyncio.Event().wait()
        finally:
            self.ended += 1

    async def end(self) -> None:
        """As at the end of a process."""
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)

    async def leads(self) -> bool:
        """Whether its work is under way."""
        return self.begun > self.ended


async def test_one_leads_and_the_other_takes_over_at_once(database: Database) -> None:
    """The first to come leads alone; when it ends in good order nobody waits for the end of its lease."""
    first = Worker(database, "first", 2)
    await async_until(first.leads)
    second = Worker(database, "second", 2)
    for _ in range(3):
        await async_until(lambda: _is_waiting(second))
        assert (second.begun, first.leadership.is_leading, second.leadership.is_leading) == (0, True, False)
    await first.end()
    assert first.ended == 1
    await async_until(second.leads)
    await second.end()


async def _is_waiting(worker: Worker) -> bool:
    await asyncio.sleep(0)
    return not worker.leadership.is_leading


async def test_who_lost_the_lease_writes_nothing_more(database: Database) -> None:
    """Another process has it: what the former leader writes is refused, its work ends, and it waits for its turn."""
    lease, first = daemon_lease(2), Worker(database, "first", 2)
    await async_until(first.leads)
    async with first.leadership.fenced.write() as tx:
        await tx.execute(text("select 1"))
    async with database.write() as tx:
        assert await lease.take(tx, ELSEWHERE) is None
        assert await lease.take(tx, ELSEWHERE, gone=first.leadership.holder.identity) == 2
    with pytest.raises(LeaseLostError, match="another process has the lease daemon"):
        async with first.leadership.fenced.write():
            raise AssertionError("it was let through")
    await async_until(lambda: _ended(first))
    async with database.write() as tx:
        await lease.give_up(tx, 2)
    await async_until(first.leads)
    await first.end()


async def _ended(worker: Worker) -> bool:
    return worker.ended == 1


@pytest.mark.parametrize("until", ["now() - interval '1 second'", "now() + interval '1 hour'"])
async def test_a_lease_that_is_over_or_of_another_clock_is_taken(database: Database, until: str) -> None:
    """One that ends further ahead than any lasts was written before the clock was set back: nobody waits an hour for it."""
    lease = daemon_lease(10)
    async with database.write() as tx:
        assert await lease.take(tx, ELSEWHERE) == 1
        await tx.execute(text(f"update distribution.leases set until = {until}"))
    worker = Worker(database, "first", 10)
    await async_until(worker.leads)
    await worker.end()


def test_a_process_of_this_machine_that_has_ended_is_known_to() -> None:
    """Its own is not, nor is one of another machine, of which nothing is known, nor what is no identity."""
    said = subprocess.run(
        [sys.executable, "-c", "from shared.process.identity import own_identity; print(own_identity())"],
        capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    assert has_ended(said)
    assert not has_ended(own_identity())
    boot, namespace, pid, began = said.split("/")
    for other in (f"other/{namespace}/{pid}/{began}", f"{boot}/pid:[1]/{pid}/{began}", ELSEWHERE.identity, "", "/"):
        assert not has_ended(other)
