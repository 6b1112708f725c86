"""The SQL of nodes: their addresses, what they reported, their breakers."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from sqlalchemy import Float, Row, and_, cast, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from services.distribution.breaker import BreakerMemory
from services.distribution.node import Damage, Held, KnownNode, Node, Report
from services.distribution.tables import breakers, nodes
from shared.contract.words import BreakerState
from shared.storage.database import Read, Write

HEARTBEAT = timedelta(seconds=60)
"""A node that says the same again has that written down so often."""


async def register_node(tx: Write, node: Node) -> None:
    """Register a node, or give a known one another address."""
    statement = insert(nodes).values(name=node.name, url=node.url)
    await tx.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"url": node.url}))


async def address_of(tx: Read, name: str) -> str | None:
    """Where a node is, None if there is none of that name."""
    return (await tx.execute(select(nodes.c.url).where(nodes.c.name == name))).scalar()


async def count_nodes(tx: Read) -> int:
    """How many nodes are registered."""
    return int((await tx.execute(select(func.count()).select_from(nodes))).scalar_one())


async def remove_node(tx: Write, name: str) -> bool:
    """Forget a node with its deliveries and breaker; False if there is none of that name."""
    return (await tx.execute(delete(nodes).where(nodes.c.name == name).returning(nodes.c.name))).first() is not None


async def addresses(tx: Read) -> list[Node]:
    """Every registered node, by name; nothing of what it holds."""
    return [Node(*row) for row in await tx.execute(select(nodes.c.name, nodes.c.url).order_by(nodes.c.name))]


async def known_nodes(tx: Read, after: str | None = None, limit: int | None = None) -> list[KnownNode]:
    """Registered nodes by name: all, or so many of those with later names."""
    breaker = func.coalesce(breakers.c.state, BreakerState.CLOSED).label("breaker")
    age = cast(func.extract("epoch", func.now() - nodes.c.reported_at), Float).label("age_seconds")
    statement = select(nodes, breaker, age).outerjoin(breakers, breakers.c.node == nodes.c.name).order_by(nodes.c.name)
    if after is not None:
        statement = statement.where(nodes.c.name > after)
    statement = statement.limit(limit)
    return [_known_node(row) for row in await tx.execute(statement)]


def _known_node(row: Row[Any]) -> KnownNode:
    models = {configuration: Held(**held) for configuration, held in row.report.items()}
    damaged = {configuration: Damage(**damage) for configuration, damage in row.damaged.items()}
    return KnownNode(
        row.name, row.url, row.registered_at, models, row.reported_at, row.unreached, BreakerState(row.breaker),
        damaged, row.agent_version, row.free_bytes, row.age_seconds,
    )  # fmt: skip


async def record_report(tx: Write, node: str, report: Report) -> None:
    """Remember what a node says is on its disk: at once if that is new, and now and again that it still says so."""
    said = {
        "report": {configuration: asdict(held) for configuration, held in report.models.items()},
        "damaged": {configuration: asdict(damage) for configuration, damage in report.damaged.items()},
        "agent_version": report.agent_version,
    }
    is_news = or_(
        *(nodes.c[name].is_distinct_from(cast(value, nodes.c[name].type)) for name, value in said.items()),
        nodes.c.unreached.is_not(None), nodes.c.reported_at.is_(None), nodes.c.reported_at < func.now() - HEARTBEAT,
    )  # fmt: skip
    this = and_(nodes.c.name == node, is_news)
    now = {"free_bytes": report.free_bytes, "reported_at": func.now(), "unreached": None}
    await tx.execute(update(nodes).where(this).values(**said, **now))


async def record_unreached(tx: Write, node: str, error: str) -> None:
    """Remember why a node could not be asked."""
    this = and_(nodes.c.name == node, nodes.c.unreached.is_distinct_from(error))
    await tx.execute(update(nodes).where(this).values(unreached=error))


async def load_breakers(tx: Read) -> dict[str, BreakerMemory]:
    """Every persisted breaker, by node."""
    return {
        row.node: BreakerMemory(
            BreakerState(row.state), row.failures, row.trips, row.opened_at, row.retry_at, row.last_error
        )
        for row in await tx.execute(select(breakers))
    }


async def save_breaker(tx: Write, node: str, memory: BreakerMemory) -> None:
    """Persist a node's breaker, if the node is still registered."""
    values = {**asdict(memory), "state": str(memory.state)}
    if (await tx.execute(select(nodes.c.name).where(nodes.c.name == node).with_for_update(key_share=True))).first():
        statement = insert(breakers).values(node=node, **values)
        await tx.execute(statement.on_conflict_do_update(index_elements=["node"], set_=values))
