"""The SQL of nodes: their addresses, what they reported, their breakers."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Float, Row, Select, and_, case, cast, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from services.distribution.breaker import BreakerMemory
from services.distribution.joining import Joining
from services.distribution.node import Damage, Held, Isolation, KnownNode, Node, Reloaded, Report
from services.distribution.tables import breakers, nodes, removed_nodes
from shared.contract.words import BreakerState
from shared.storage.database import Read, Write

HEARTBEAT = timedelta(seconds=60)
"""A node that says the same again has that written down so often."""
RIVALRY = timedelta(minutes=10)
"""For so long it is said that another agent claimed a node's name."""


async def register_node(tx: Write, node: Node) -> None:
    """Register a node, or give a known one another address; it is not one of those that were deleted any more."""
    await tx.execute(delete(removed_nodes).where(removed_nodes.c.name == node.name))
    statement = insert(nodes).values(name=node.name, url=node.url)
    await tx.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"url": node.url}))


async def address_of(tx: Read, name: str) -> str | None:
    """Where a node is, None if there is none of that name."""
    return (await tx.execute(select(nodes.c.url).where(nodes.c.name == name))).scalar()


async def count_nodes(tx: Read) -> int:
    """How many nodes are registered."""
    return int((await tx.execute(select(func.count()).select_from(nodes))).scalar_one())


async def remove_node(tx: Write, name: str) -> bool:
    """Forget a node with its deliveries and breaker, and remember that it was deleted; False if there is none of that name."""
    if await forget_node(tx, name):
        again = {"removed_at": func.now()}
        statement = insert(removed_nodes).values(name=name)
        await tx.execute(statement.on_conflict_do_update(index_elements=["name"], set_=again))
        return True
    return False


async def removed_at(tx: Read, name: str) -> datetime | None:
    """When a node of that name was deleted, None if none was, or it was registered again."""
    return (await tx.execute(select(removed_nodes.c.removed_at).where(removed_nodes.c.name == name))).scalar()


async def named_or_same(tx: Read, joining: Joining) -> tuple[KnownNode | None, KnownNode | None]:
    """The node of an agent's name, and the one of its instance id."""
    rows = await tx.execute(_known().where(or_(nodes.c.name == joining.name, nodes.c.instance == joining.instance)))
    found = [_known_node(row) for row in rows]
    named = next((node for node in found if node.name == joining.name), None)
    same = next((node for node in found if node.instance == joining.instance), None)
    return named, same


async def take_in(tx: Write, joining: Joining) -> None:
    """An agent is that node from now on; whatever another one said under its name is forgotten."""
    await register_node(tx, joining)
    others = and_(nodes.c.name == joining.name, nodes.c.instance.is_distinct_from(joining.instance))
    unknown: dict[str, Any] = {
        "report": {},
        "damaged": {},
        "reloads": {},
        "reported_at": None,
        "unreached": None,
        "rival": None,
    }
    await tx.execute(update(nodes).where(others, nodes.c.instance.is_not(None)).values(**unknown))
    facts = {"instance": joining.instance, "labels": dict(joining.labels), "plays": joining.plays}
    await tx.execute(update(nodes).where(nodes.c.name == joining.name).values(**facts))
    await tx.execute(delete(breakers).where(breakers.c.node == joining.name))


async def note_rival(tx: Write, name: str, rival: str) -> None:
    """Another agent claimed a node's name: written down if it is another one, and now and again."""
    is_news = or_(nodes.c.rival.is_distinct_from(rival), nodes.c.rival_at < func.now() - HEARTBEAT)
    statement = update(nodes).where(nodes.c.name == name, is_news)
    await tx.execute(statement.values(rival=rival, rival_at=func.now()))


async def forget_node(tx: Write, name: str) -> bool:
    """Forget a node with its deliveries and breaker, as if there never had been one; False if there is none of that name."""
    return (await tx.execute(delete(nodes).where(nodes.c.name == name).returning(nodes.c.name))).first() is not None


async def addresses(tx: Read) -> list[Node]:
    """Every registered node that may be visited, by name; nothing of what it holds."""
    statement = select(nodes.c.name, nodes.c.url).where(nodes.c.isolated.is_(None)).order_by(nodes.c.name)
    return [Node(*row) for row in await tx.execute(statement)]


async def isolate_node(tx: Write, name: str, isolation: Isolation | None) -> bool:
    """Leave a node alone, or visit it again; False if there is none of that name."""
    value = None if isolation is None else asdict(isolation)
    statement = update(nodes).where(nodes.c.name == name).values(isolated=value).returning(nodes.c.name)
    return (await tx.execute(statement)).first() is not None


async def known_nodes(tx: Read, after: str | None = None, limit: int | None = None) -> list[KnownNode]:
    """Registered nodes by name: all, or so many of those with later names."""
    statement = _known().order_by(nodes.c.name).limit(limit)
    if after is not None:
        statement = statement.where(nodes.c.name > after)
    return [_known_node(row) for row in await tx.execute(statement)]


def _known() -> Select[Any]:
    breaker = func.coalesce(breakers.c.state, BreakerState.CLOSED).label("breaker")
    age = cast(func.extract("epoch", func.now() - nodes.c.reported_at), Float).label("age_seconds")
    rival = case((nodes.c.rival_at > func.now() - RIVALRY, nodes.c.rival)).label("recent_rival")
    return select(nodes, breaker, age, rival).outerjoin(breakers, breakers.c.node == nodes.c.name)


def _known_node(row: Row[Any]) -> KnownNode:
    models = {configuration: Held(**held) for configuration, held in row.report.items()}
    damaged = {configuration: Damage(**damage) for configuration, damage in row.damaged.items()}
    return KnownNode(
        row.name, row.url, row.registered_at, models, row.reported_at, row.unreached, BreakerState(row.breaker),
        damaged, row.agent_version, row.free_bytes, row.age_seconds, row.instance, row.clock_skew_seconds,
        row.recent_rival, row.labels, row.plays, {key: Reloaded(**each) for key, each in row.reloads.items()},
        Isolation(**row.isolated) if row.isolated else None,
    )  # fmt: skip


async def record_report(tx: Write, node: str, report: Report, clock_skew: int | None) -> None:
    """Remember what a node says is on its disk: at once if that is new, and now and again that it still says so."""
    said = {
        "report": {configuration: asdict(held) for configuration, held in report.models.items()},
        "damaged": {configuration: asdict(damage) for configuration, damage in report.damaged.items()},
        "agent_version": report.agent_version,
        "labels": dict(report.labels),
        "plays": None if report.plays is None else sorted(report.plays),
        "reloads": {configuration: asdict(reload) for configuration, reload in report.reloads.items()},
        "clock_skew_seconds": clock_skew,
        **({"instance": report.instance} if report.instance else {}),
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
            BreakerState(row.state), row.failures, row.trips, row.opened_at, row.retry_at, row.last_error, row.recent
        )
        for row in await tx.execute(select(breakers))
    }


async def save_breaker(tx: Write, node: str, memory: BreakerMemory) -> None:
    """Persist a node's breaker, if the node is still registered."""
    values = {**asdict(memory), "state": str(memory.state)}
    if (await tx.execute(select(nodes.c.name).where(nodes.c.name == node).with_for_update(key_share=True))).first():
        statement = insert(breakers).values(node=node, **values)
        await tx.execute(statement.on_conflict_do_update(index_elements=["node"], set_=values))
