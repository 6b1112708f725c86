"""All SQL of the distribution service. Functions take part in their caller's transaction and never commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Row, and_, case, delete, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert

from services.distribution.breaker import BreakerMemory, BreakerState
from services.distribution.delivery import DeliveryState, Head, Node, Progress, Report
from services.distribution.tables import breakers, canonical, deliveries, distributions, nodes
from shared.storage.database import Read, Write

_CURRENT = and_(deliveries.c.configuration == canonical.c.configuration, deliveries.c.version == canonical.c.version)
_OPEN = deliveries.c.state.in_((DeliveryState.PENDING, DeliveryState.FETCHING))


async def register_node(tx: Write, node: Node) -> None:
    """Register a node, or give a known one another address."""
    statement = insert(nodes).values(name=node.name, url=node.url)
    await tx.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"url": node.url}))


async def remove_node(tx: Write, name: str) -> bool:
    """Forget a node with its deliveries and breaker; False if there is none of that name."""
    return (await tx.execute(delete(nodes).where(nodes.c.name == name).returning(nodes.c.name))).first() is not None


async def list_nodes(tx: Read) -> Sequence[Row[Any]]:
    """Every node with its breaker's state (null if it never changed), by name."""
    statement = select(nodes, breakers.c.state.label("breaker")).outerjoin(breakers).order_by(nodes.c.name)
    return (await tx.execute(statement)).all()


async def known_nodes(tx: Read) -> list[Node]:
    """Every registered node, by name."""
    return [Node(row.name, row.url) for row in await tx.execute(select(nodes).order_by(nodes.c.name))]


async def heads(tx: Read) -> list[Head]:
    """The desired version of every configuration."""
    rows = await tx.execute(select(canonical).order_by(canonical.c.configuration))
    return [Head(row.configuration, row.version, row.digest, row.size) for row in rows]


async def head_of(tx: Read, configuration: str) -> Head | None:
    """The desired version of a configuration, None if nothing was promoted."""
    row = (await tx.execute(select(canonical).where(canonical.c.configuration == configuration))).first()
    return None if row is None else Head(row.configuration, row.version, row.digest, row.size)


async def raise_head(tx: Write, head: Head) -> bool:
    """Make `head` the desired version if it is higher than the present one; False if it is not."""
    values = {"version": head.version, "digest": head.digest, "size": head.size}
    statement = insert(canonical).values(configuration=head.configuration, **values)
    raised = statement.on_conflict_do_update(
        index_elements=["configuration"],
        set_={**values, "updated_at": func.now()},
        where=canonical.c.version < head.version,
    ).returning(canonical.c.version)
    return (await tx.execute(raised)).first() is not None


async def supersede_below(tx: Write, head: Head) -> None:
    """Close the deliveries of versions that `head` overtook."""
    older = and_(deliveries.c.configuration == head.configuration, deliveries.c.version < head.version)
    detail = f"superseded by version {head.version}"
    await tx.execute(
        update(deliveries).where(older, _OPEN).values(state="superseded", detail=detail, updated_at=func.now())
    )


async def open_deliveries(tx: Write) -> None:
    """A delivery of every desired version to every node that has none yet."""
    wanted = select(
        canonical.c.configuration, canonical.c.version, nodes.c.name, canonical.c.digest, canonical.c.size
    ).join(nodes, literal(True))
    columns = ["configuration", "version", "node", "digest", "size"]
    await tx.execute(insert(deliveries).from_select(columns, wanted).on_conflict_do_nothing())


async def reopen_deliveries(tx: Write, head: Head) -> None:
    """Make every node prove again that it holds `head`."""
    of_head = and_(deliveries.c.configuration == head.configuration, deliveries.c.version == head.version)
    await tx.execute(
        update(deliveries).where(of_head).values(
            state="pending", bytes_done=0, detail="reopened by request", delivered_at=None, updated_at=func.now()
        )
    )  # fmt: skip


async def list_deliveries(tx: Read, configuration: str | None, limit: int) -> Sequence[Row[Any]]:
    """Deliveries, newest version first, of one configuration or of all."""
    statement = select(deliveries).order_by(
        deliveries.c.configuration, deliveries.c.version.desc(), deliveries.c.node
    )  # fmt: skip
    if configuration is not None:
        statement = statement.where(deliveries.c.configuration == configuration)
    return (await tx.execute(statement.limit(limit))).all()


async def current_deliveries(tx: Read) -> Sequence[Row[Any]]:
    """The deliveries of the desired versions, with what each node last reported and why it could not be reached."""
    statement = (
        select(deliveries, nodes.c.unreached, nodes.c.reported_at)
        .join(canonical, _CURRENT)
        .join(nodes, nodes.c.name == deliveries.c.node)
        .order_by(deliveries.c.configuration, deliveries.c.node)
    )
    return (await tx.execute(statement)).all()


async def record_report(tx: Write, node: str, report: Report) -> None:
    """Remember what a node says is on its disk."""
    models = {configuration: asdict(held) for configuration, held in report.models.items()}
    await tx.execute(
        update(nodes).where(nodes.c.name == node).values(report=models, reported_at=func.now(), unreached=None)
    )


async def record_unreached(tx: Write, node: str, error: str) -> None:
    """Remember why a node could not be asked."""
    await tx.execute(update(nodes).where(nodes.c.name == node).values(unreached=error[:1000]))
    unfinished = and_(deliveries.c.node == node, _OPEN)
    await tx.execute(
        update(deliveries).where(unfinished).values(state="pending", detail=error[:1000], updated_at=func.now())
    )


async def record_progress(tx: Write, node: str, progress: Progress) -> bool:
    """Remember how far a delivery is; False if nothing changed or a higher version overtook it."""
    head, delivered = progress.head, progress.state is DeliveryState.DELIVERED
    values = {"state": str(progress.state), "bytes_done": progress.bytes_done, "detail": progress.detail}
    same = and_(*(deliveries.c[name].is_not_distinct_from(value) for name, value in values.items()))
    statement = (
        update(deliveries)
        .where(
            deliveries.c.configuration == head.configuration,
            deliveries.c.version == head.version,
            deliveries.c.node == node,
            deliveries.c.state != DeliveryState.SUPERSEDED,
            ~same,
        )
        .values(**values, updated_at=func.now(), delivered_at=func.now() if delivered else deliveries.c.delivered_at)
        .returning(deliveries.c.node)
    )
    return (await tx.execute(statement)).first() is not None


async def start_distribution(tx: Write, head: Head) -> None:
    """Begin, or begin anew, the distribution of `head`: its time runs from now."""
    statement = insert(distributions).values(
        configuration=head.configuration, version=head.version, digest=head.digest
    )  # fmt: skip
    again = {"started_at": func.now(), "completed_at": None, "failed_at": None}
    await tx.execute(statement.on_conflict_do_update(index_elements=["configuration", "version"], set_=again))


async def open_distributions(tx: Write, overdue_after: float) -> Sequence[Row[Any]]:
    """Distributions of desired versions that are not complete, locked; with `overdue` and `seconds` since their start."""
    seconds = func.extract("epoch", func.clock_timestamp() - distributions.c.started_at)
    statement = (
        select(distributions, seconds.label("seconds"), (seconds >= overdue_after).label("overdue"))
        .join(
            canonical,
            and_(
                distributions.c.configuration == canonical.c.configuration,
                distributions.c.version == canonical.c.version,
            ),
        )
        .where(distributions.c.completed_at.is_(None))
        .order_by(distributions.c.configuration)
        .with_for_update(of=distributions)
    )
    return (await tx.execute(statement)).all()


async def node_states(tx: Read, configuration: str, version: int) -> Mapping[str, str | None]:
    """For every registered node: None if it holds the version, otherwise the reason in words."""
    this = and_(
        deliveries.c.node == nodes.c.name,
        deliveries.c.configuration == configuration,
        deliveries.c.version == version,
    )
    reason = func.coalesce(nodes.c.unreached, deliveries.c.detail, deliveries.c.state, "not yet visited")
    missing = case((deliveries.c.state == DeliveryState.DELIVERED, None), else_=reason)
    rows = await tx.execute(select(nodes.c.name, missing.label("missing")).outerjoin(deliveries, this))
    return {row.name: row.missing for row in rows}


async def end_distribution(tx: Write, configuration: str, version: int, column: str) -> None:
    """Note that a distribution was completed (`completed_at`) or ran out of time (`failed_at`)."""
    this = and_(distributions.c.configuration == configuration, distributions.c.version == version)
    await tx.execute(update(distributions).where(this).values({column: func.clock_timestamp()}))


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
