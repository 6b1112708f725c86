"""Saying that the ledger was restored from a backup: an epoch begins, and everybody is told what is canonical in it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text

from services.promotion import repository
from services.promotion.epoch import FIRST, following
from services.promotion.service.epochs import _parts
from shared.contract.events.promotion import MOST_RESTORED
from shared.contract.words import MOST_ID
from tests.promotion.conftest import Suite
from tests.promotion.test_audit import ANYONE, faults, rows

WHY = {"reason": "restored the backup of Sunday"}
NOW = datetime(2026, 1, 1, tzinfo=UTC)


async def test_f57_an_epoch_begins_and_says_what_is_canonical(suite: Suite) -> None:
    """The event names every head, the audit who said so and why, and versions promoted afterwards are of that epoch."""
    digest = await suite.promoted(b"first")
    assert await suite.get("/v1/epochs/present") == FIRST._asdict()
    begun = (await suite.posts("/v1/epochs", WHY)).json()
    assert (begun["begun_by"], begun["reason"]) == (ANYONE, WHY["reason"])
    assert await suite.get("/v1/epochs/present") == begun
    [restored] = await suite.events("LEDGER_RESTORED")
    head = {"configuration": "hex8_2p", "version": 1, "digest": digest, "size": 5}
    assert restored["data"] == {"epoch": begun["epoch"], "heads": [head], **WHY}
    [audited] = [each for each in await rows(suite) if each["action"] == "restore_ledger"]
    assert (audited["subject"], audited["reason"]) == ({"epoch": begun["epoch"]}, WHY["reason"])
    await suite.promoted(b"secnd")
    promoted = await suite.events("MODEL_PROMOTED")
    assert [(each["data"]["version"], each["data"]["epoch"]) for each in promoted] == [(1, 0), (2, begun["epoch"])]
    assert (await suite.get("/v1/configurations"))["epoch"] == begun["epoch"]
    again = (await suite.posts("/v1/epochs", WHY)).json()
    assert again["epoch"] > begun["epoch"]
    assert await faults(suite) == []


async def test_f57_a_trial_begins_nothing(suite: Suite) -> None:
    """It says which epoch would begin, and a ledger without versions has one too."""
    tried: Any = (await suite.posts("/v1/epochs", {**WHY, "dry_run": True})).json()
    assert tried["epoch"] > 0
    assert (await suite.get("/v1/epochs/present"))["epoch"] == 0
    assert await suite.events("LEDGER_RESTORED") == []
    await suite.posts("/v1/epochs", WHY)
    [restored] = await suite.events("LEDGER_RESTORED")
    assert restored["data"]["heads"] == []


async def test_f57_no_epoch_begins_while_a_pointer_may_move(suite: Suite) -> None:
    """It waits for whoever has a configuration's lock, so that a version of the epoch before is among what it says is canonical."""
    here = "database = (select oid from pg_database where datname = current_database())"
    waiting = text(f"select pid from pg_locks where locktype = 'advisory' and not granted and {here}")

    async def waits() -> bool:
        async with suite.database.read() as tx:
            return (await tx.execute(waiting)).first() is not None

    async with suite.database.write() as tx:
        await repository.lock_configuration(tx, "hex8_2p")
        begun = asyncio.create_task(suite.posts("/v1/epochs", WHY))
        await suite.eventually(waits)
        assert (await suite.get("/v1/epochs/present"))["epoch"] == 0
    assert (await begun).status_code == 201


@pytest.mark.parametrize(
    ("present", "expected"),
    [(0, int(NOW.timestamp())), (5_000_000_000, 5_000_000_001), (MOST_ID, MOST_ID)],
)
def test_f57_an_epoch_is_above_what_a_backup_has_forgotten(present: int, expected: int) -> None:
    """A ledger that is restored twice from the same backup does not give an epoch out twice; a clock set back does no harm."""
    assert following(present, NOW) == expected


@pytest.mark.parametrize(("heads", "events"), [(0, 1), (1, 1), (MOST_RESTORED, 1), (MOST_RESTORED + 1, 2)])
def test_f57_a_large_ledger_is_told_in_parts(heads: int, events: int) -> None:
    """As many heads as the bus takes in a message."""
    told = list(_parts([None] * heads))  # type: ignore[list-item] # nothing looks into them
    assert (len(told), sum(map(len, told))) == (events, heads)
