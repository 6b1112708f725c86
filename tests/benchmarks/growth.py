"""What a long history costs those who ask: every list, look-up and feed with a thousand rows, and with a million.

The rows are copies of what a few real promotions left, with keys, digests and times of their own, in real tables.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import httpx
import uvloop
from rich.table import Table

from local.suite import Suite
from shared.process.logs import configure_logs
from tests.benchmarks.promotion import at, gauntlet, one_by_one, running

FEW, MANY, EVALUATIONS = 1_000, 1_000_000, 200_000
ASKED = 100
BEGINNING = "timestamptz '2025-01-01' + n * interval '10 seconds'"
DIGEST = "encode(sha256(n::text::bytea), 'hex')"
DECISION = "md5('d' || n)::uuid"
OTHERS = "array['hex8_3p', 'square8_2p', 'square19_4p', 'hexagonal_2p']"
KEY = f"case when n % 2 = 0 then 'hex8_2p' else ({OTHERS})[(1 + n / 2 % 4)::int] end"
PROMOTION = {
    "artifacts": {"digest": DIGEST},
    "decisions": {"id": DECISION, "configuration": KEY, "digest": DIGEST, "evaluation_id": "null", "decided_at": BEGINNING},
    "canonical_versions": {
        "configuration": KEY, "version": "n + 1000", "digest": DIGEST, "decision_id": DECISION, "promoted_at": BEGINNING,
    },
    "outbox": {
        "event_id": "md5('e' || n)::uuid", "type": "case when n % 1000 = 0 then 'MODEL_PROMOTION_FAILED' else type end",
        "sequence": "(select max(sequence) from promotion.outbox) + n", "published_at": "now()",
    },
    "inbox": {"event_id": "md5('i' || n)::text", "handled_at": BEGINNING},
    "audit": {"configuration": KEY, "sequence": "n + 1000", "at": BEGINNING, "previous": "hash"},
}  # fmt: skip
GAUNTLET = {
    "evaluations": {"id": "md5('v' || n)::uuid", "configuration": KEY, "digest": DIGEST, "requested_at": BEGINNING},
    "outbox": PROMOTION["outbox"] | {"type": "type", "sequence": "(select max(sequence) from gauntlet.outbox) + n"},
}  # fmt: skip
OLDER = ("canonical_versions.promoted_at", "decisions.decided_at", "inbox.handled_at")
"""Times of the real rows, which are made older than those of the copies."""


class Door(NamedTuple):
    """Something that is asked."""

    service: str
    name: str
    path: str


def growth(quick: bool) -> Table:
    """Milliseconds of each door with few and with many rows, and their ratio: of the fastest twentieth, because machines are busy.
    Two suites answer by turns, so that whatever else the machine does meets both."""
    configure_logs("bench", "WARNING")
    many = MANY // 20 if quick else MANY
    table = Table("door", f"{FEW:,} rows, p5 ms", f"{many:,} rows, p5 ms", "ratio", "p99 ms", title="A long history")
    with running() as short, running() as long, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        for suite, rows in ((short, FEW), (long, many)):
            runner.run(one_by_one(suite, 1))
            fill(suite, rows)
        for door, (before, after) in runner.run(asked((short, FEW), (long, many))).items():
            few, now, high = at(before, 0.05), at(after, 0.05), at(after, 0.99)
            table.add_row(door, f"{1000 * few:.1f}", f"{1000 * now:.1f}", f"{now / few:.2f}", f"{1000 * high:.1f}")
    return table


async def asked(*suites: tuple[Suite, int]) -> dict[str, tuple[list[float], ...]]:
    """Seconds of every door's answers, for each of the suites, which have so many rows."""
    found = {}
    async with AsyncExitStack() as stack, httpx.AsyncClient(timeout=60, trust_env=False) as client:
        for suite, _ in suites:
            await stack.enter_async_context(gauntlet(suite))
        for same in zip(*(doors(rows) for _, rows in suites), strict=True):
            urls = [
                suite.addresses.url(door.service) + door.path for (suite, _), door in zip(suites, same, strict=True)
            ]
            found[f"{same[0].service}: {same[0].name}"] = await timed(client, urls)
    return found


def doors(rows: int) -> Sequence[Door]:
    """What is asked: the newest, the middle of a long history, and what is rare."""
    then = (datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=5 * rows)).isoformat().replace("+", "%2B")
    hex8 = "/v1/configurations/hex8_2p"
    return (
        Door("promotion", "/status", "/status"),
        Door("promotion", "canonical versions", "/v1/configurations"),
        Door("promotion", "canonical now", f"{hex8}/canonical"),
        Door("promotion", "canonical at a moment", f"{hex8}/canonical?at={then}"),
        Door("promotion", "history", f"{hex8}/versions?limit=50"),
        Door("promotion", "history, its middle", f"{hex8}/versions?limit=50&before={rows // 2 + 1000}"),
        Door("promotion", "decisions", "/v1/decisions?limit=50"),
        Door("promotion", "decisions of a configuration", "/v1/decisions?limit=50&configuration=hex8_3p"),
        Door("promotion", "audit", "/v1/audit?limit=50"),
        Door("promotion", "audit of a configuration", "/v1/audit?limit=50&configuration=hex8_3p"),
        Door("promotion", "curriculum", "/v1/curriculum"),
        Door("promotion", "policies", "/v1/policies"),
        Door("promotion", "approvals", "/v1/approvals?state=awaiting"),
        Door("promotion", "holds", "/v1/holds"),
        Door("promotion", "feed, its end", "/v1/events?limit=50&type=MODEL_PROMOTION_WITHHELD"),
        Door("promotion", "feed, a rare type", "/v1/events?limit=50&type=MODEL_PROMOTION_FAILED"),
        Door("gauntlet", "evaluations", "/v1/evaluations?limit=50"),
        Door("gauntlet", "evaluations of a configuration", "/v1/evaluations?limit=50&configuration=hex8_3p"),
        Door("gauntlet", "evaluations that failed", "/v1/evaluations?limit=50&state=failed"),
        Door("gauntlet", "backlog", "/v1/work/backlog"),
        Door("gauntlet", "/status", "/status"),
        Door("gauntlet", "feed, its end", "/v1/events?limit=50&type=EVALUATION_FAILED"),
    )


async def timed(client: httpx.AsyncClient, urls: Sequence[str]) -> tuple[list[float], ...]:
    """Seconds of the same question at each address, by turns, again and again."""
    seconds = tuple(list[float]() for _ in urls)
    for _ in range(ASKED):
        for url, taken in zip(urls, seconds, strict=True):
            started = time.perf_counter()
            (await client.get(url)).raise_for_status()
            taken.append(time.perf_counter() - started)
    return seconds


def fill(suite: Suite, rows: int) -> None:
    """Bring the tables to so many rows, and those of evaluations to fewer, because each has its evidence."""
    for schema, tables in (("promotion", PROMOTION), ("gauntlet", GAUNTLET)):
        for table, own in tables.items():
            most = min(rows, EVALUATIONS) if table == "evaluations" else rows
            suite.postgres.execute(statement(f"{schema}.{table}", own, most), database="ringrift")
            suite.postgres.execute(f"analyze {schema}.{table}", database="ringrift")


def statement(table: str, own: dict[str, Any], rows: int) -> str:
    """Adds copies of one row, each with values of its own, until there are so many."""
    schema, name = table.split(".")
    older = "".join(
        f"update {table} set {each.split('.')[1]} = timestamptz '2024-01-01';" for each in OLDER if each.split(".")[0] == name
    )  # fmt: skip
    return f"""
        set session_replication_role = replica; set synchronous_commit = off;
        {older}
        do $$ declare columns text; begin
            select string_agg(quote_ident(column_name), ',') into columns from information_schema.columns
            where table_schema = '{schema}' and table_name = '{name}' and is_generated = 'NEVER' and is_identity = 'NO'
                and column_name not in ({", ".join(f"'{each}'" for each in own)});
            execute 'insert into {table} ({", ".join(own)}, ' || columns || ') select '
                || $values${", ".join(own.values())}$values$ || ', ' || columns
                || ' from (select * from {table} limit 1) one, generate_series((select count(*) from {table}), {rows}) n';
        end $$"""
