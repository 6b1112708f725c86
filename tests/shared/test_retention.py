"""Retention of the messaging tables, on a real Postgres: what is over its time goes, and nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Table, func, select, update

from shared.messaging.outbox import CursorUnknownError
from shared.messaging.repository import KeptDays
from shared.storage.retention import BATCH, Retention
from tests.shared.conftest import STORE, TABLES, Trial, promoted_event

KEEP = KeptDays(events=10, handled=20, letters=10)


def retention(trial: Trial) -> Retention:
    """The rules of the trial service."""
    return Retention(trial.database, STORE.retention(KEEP))


async def age(trial: Trial, table: Table, column: str, days: float) -> None:
    """Make every row of a table as old as that."""
    async with trial.database.write() as tx:
        await tx.execute(update(table).values({column: func.now() - timedelta(days=days)}))


async def count(trial: Trial, table: Table) -> int:
    """How many rows a table has."""
    async with trial.database.read() as tx:
        return int((await tx.execute(select(func.count()).select_from(table))).scalar_one())


async def test_f51_published_events_go_when_their_time_is_over(trial: Trial) -> None:
    """The newest stays, because cursors name it; a reader behind the gap is told so, one at the end goes on."""
    events = [promoted_event(number) for number in range(1, 4)]
    await trial.emit(*events)
    first, end = (await trial.page(limit=1)).cursor, (await trial.page()).cursor
    async with trial.database.write() as tx:
        await STORE.mark_published(tx, [event.id for event in events])
    await age(trial, TABLES.outbox, "created_at", 11)
    assert [each.overdue for each in await retention(trial).figures()] == [2, 0, 0]
    assert await retention(trial).prune() == {"trial.outbox": 2, "trial.inbox": 0, "trial.dead_letters": 0}
    with pytest.raises(CursorUnknownError):
        await trial.page(first)
    assert (await trial.page(end)).events == []
    assert [event.id for event in (await trial.page()).events] == [events[-1].id]


async def test_f51_what_was_not_published_stays(trial: Trial) -> None:
    """However old it is: nobody may have heard of it yet."""
    await trial.emit(*(promoted_event(number) for number in range(1, 4)))
    await trial.page()
    await age(trial, TABLES.outbox, "created_at", 1000)
    assert await retention(trial).prune() == {"trial.outbox": 0, "trial.inbox": 0, "trial.dead_letters": 0}


async def test_f51_handled_events_and_dead_letters_go(trial: Trial) -> None:
    """Each after its own time, and what is younger stays."""
    await trial.inbox.handle(promoted_event(1))
    await trial.inbox.bury("s", b"old", "why", 1)
    await age(trial, TABLES.inbox, "handled_at", 15)
    await age(trial, TABLES.dead_letters, "died_at", 15)
    await trial.inbox.bury("s", b"new", "why", 1)
    assert await retention(trial).prune() == {"trial.outbox": 0, "trial.inbox": 0, "trial.dead_letters": 1}
    await age(trial, TABLES.inbox, "handled_at", 21)
    assert (await retention(trial).prune())["trial.inbox"] == 1
    assert (await count(trial, TABLES.inbox), await count(trial, TABLES.dead_letters)) == (0, 1)


async def test_more_than_a_batch_goes_in_one_pass(trial: Trial) -> None:
    """Small transactions follow each other until nothing is left."""
    async with trial.database.write() as tx:
        row = {"subject": "s", "payload": "p", "reason": "r", "deliveries": 1}
        await tx.execute(TABLES.dead_letters.insert(), [{**row, "fingerprint": str(n)} for n in range(BATCH + 5)])
    await age(trial, TABLES.dead_letters, "died_at", 15)
    assert (await retention(trial).prune())["trial.dead_letters"] == BATCH + 5
    [_, _, letters] = await retention(trial).figures()
    assert (letters.size.bytes > 0, letters.overdue) == (True, 0)
