"""Decisions from before there were dispositions get the one that they had, as far as the ledger tells it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.promotion.service.audit import Audit
from shared.contract.audit_chain import Chains
from shared.service.migrations import migrate
from shared.storage.database import Database
from tests.migrations.test_migrations import DATABASES, ask, restore

MakeDatabase = Callable[[str | None], str]
DIGEST = "a" * 64
CODES = """
    select reasons ->> 0, disposition, code from promotion.decisions order by decided_at, reasons ->> 0"""


@dataclass
class Before:
    """A ledger at revision 0001, and what happened in it."""

    connection: asyncpg.Connection

    async def promoted(self, words: str, kind: str, skipped: bool = False) -> None:
        """A candidate passed and became the next version."""
        decision = await self.decided("passed", words, skipped=skipped, evaluated=kind != "rollback")
        await self.connection.execute(
            """insert into promotion.canonical_versions (configuration, version, digest, decision_id, kind, promoted_by, reason)
            select 'hex8_2p', count(*) + 1, $1, $2, $3, 'test', 'test' from promotion.canonical_versions""",
            DIGEST, decision, kind,
        )  # fmt: skip

    async def decided(
        self, verdict: str, words: str, *, request: UUID | None = None, skipped: bool = False, evaluated: bool = True
    ) -> UUID:
        """A decision was recorded."""
        decision, evaluation = uuid4(), uuid4()
        if evaluated:
            await self.connection.execute(
                "insert into promotion.evaluations (id, configuration, digest, request_id, evidence) values ($1, $2, $3, $4, $5)",
                evaluation, "hex8_2p", DIGEST, request, json.dumps({"skipped": skipped}),
            )  # fmt: skip
        await self.connection.execute(
            """insert into promotion.decisions
            (id, configuration, evaluation_id, digest, verdict, reasons, policy, may_skip, decided_at)
            values ($1, 'hex8_2p', $2, $3, $4, $5, '{}', false, clock_timestamp())""",
            decision, evaluation if evaluated else None, DIGEST, verdict, json.dumps([words]),
        )  # fmt: skip
        return decision

    async def request(self, *, dry_run: bool = False) -> UUID:
        """An operator asked."""
        request = uuid4()
        await self.connection.execute(
            """insert into promotion.promotion_requests (id, configuration, model_path, kind, dry_run)
            values ($1, 'hex8_2p', 'models/a.pth', 'manual', $2)""",
            request, dry_run,
        )  # fmt: skip
        return request

    async def ended(self, request: UUID, state: str, reason: str, decision: UUID | None = None) -> None:
        """A request ended."""
        await self.connection.execute(
            "update promotion.promotion_requests set state = $2, reason = $3, decision_id = $4 where id = $1",
            request, state, reason, decision,
        )  # fmt: skip

    async def said(self, decision: UUID, reason: str) -> None:
        """MODEL_PROMOTION_FAILED was emitted for a decision."""
        event = {"data": {"decision_id": str(decision), "reasons": [reason]}}
        await self.connection.execute(
            "insert into promotion.outbox (event_id, type, subject, event) values ($1, 'MODEL_PROMOTION_FAILED', 's', $2)",
            uuid4(), json.dumps(event),
        )  # fmt: skip


async def _fill(url: str) -> None:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        await connection.execute(
            "insert into promotion.artifacts (digest, size, format, metadata) values ($1, 5, 'pth', '{}')", DIGEST
        )
        before = Before(connection)
        await before.promoted("played", "automatic")
        await before.promoted("not played", "automatic", skipped=True)
        await before.promoted("forced and played", "forced")
        await before.promoted("restored", "rollback")
        for verdict in ("failed", "inconclusive", "stale", "invalid"):
            await before.decided(verdict, verdict)
        await before.decided("failed", "this model already is canonical version 4")
        dry, used, bare = await before.request(dry_run=True), await before.request(), await before.request()
        await before.ended(dry, "refused", "dry", await before.decided("passed", "dry run", request=dry))
        first = await before.decided("failed", "of a request", request=used)
        await before.ended(used, "refused", "failed", first)
        await before.decided("passed", "after its request", request=used)
        await before.ended(bare, "refused", "bytes", await before.decided("passed", "request's bytes", request=bare))
        waiting = await before.decided("passed", "waits for a person")
        await before.said(waiting, "passed, and not promoted because RINGRIFT_AUTO_PROMOTE is off; ask for it")
        lost = await before.decided("passed", "trainer's bytes")
        await before.said(lost, "passed, and not promoted because the artifact store lacks its 5 bytes")
        await before.ended(await before.request(), "failed", "model_invalid: it holds NaN weights")
        await before.request()
    finally:
        await connection.close()


def test_old_decisions_get_the_disposition_that_they_had(make_database: MakeDatabase) -> None:
    """Every way in which a candidate ended, told from verdict, version, evidence, request and event."""
    url = make_database(None)
    migrate(url, ("promotion",), "0001")
    asyncio.run(_fill(url))
    migrate(url, ("promotion",))
    assert ask(url, CODES) == [
        ("played", "promoted", "gates_passed"),
        ("not played", "promoted", "games_skipped"),
        ("forced and played", "promoted", "gates_passed"),
        ("restored", "promoted", "rolled_back"),
        ("failed", "refused", "gates_failed"),
        ("inconclusive", "refused", "games_inconclusive"),
        ("stale", "awaiting", "evaluated_again"),
        ("invalid", "refused", "evidence_invalid"),
        ("this model already is canonical version 4", "refused", "already_canonical"),
        ("dry run", "withheld", "dry_run"),
        ("of a request", "refused", "gates_failed"),
        ("after its request", "withheld", "request_ended"),
        ("request's bytes", "withheld", "artifact_missing"),
        ("waits for a person", "awaiting", "auto_promote_off"),
        ("trainer's bytes", "withheld", "artifact_missing"),
    ]
    codes = ask(url, "select state, code from promotion.promotion_requests order by state, code")
    assert codes == [
        ("failed", "model_invalid"), ("open", None), ("refused", "artifact_missing"), ("refused", "dry_run"),
        ("refused", "gates_failed"),
    ]  # fmt: skip


def test_the_history_is_append_only_again(make_database: MakeDatabase) -> None:
    """The trigger that the upgrade lifts is back after it."""
    url = make_database(None)
    migrate(url, ("promotion",), "0001")
    asyncio.run(_fill(url))
    migrate(url, ("promotion",))
    with pytest.raises(asyncpg.PostgresError, match="append-only"):
        ask(url, "update promotion.decisions set code = code")


@pytest.mark.parametrize("dump", sorted(DATABASES.glob("*.sql.xz")), ids=lambda dump: dump.name)
def test_a_demos_decisions(dump: Path, make_database: MakeDatabase) -> None:
    """Of three models two were promoted on their games, and one was refused for them."""
    url = make_database(None)
    restore(url, dump)
    migrate(url, ("promotion",))
    found = ask(url, "select disposition, code, count(*) from promotion.decisions group by 1, 2 order by 1")
    assert found == [("promoted", "gates_passed", 2), ("refused", "gates_failed", 1)]


@pytest.mark.parametrize("dump", sorted(DATABASES.glob("*.sql.xz")), ids=lambda dump: dump.name)
def test_rows_of_the_audit_from_before_are_chained(dump: Path, make_database: MakeDatabase) -> None:
    """In the order in which they were written, each with its hash, and every version has its move."""
    url = make_database(None)
    restore(url, dump)
    migrate(url, ("promotion",))

    async def verified() -> Chains:
        database = Database(url)
        try:
            return await Audit(database).verify()
        finally:
            await database.close()

    chains = asyncio.run(verified())
    assert (chains.faults, [each[:2] for each in chains.heads]) == ([], [("hex8_2p", 2)])
