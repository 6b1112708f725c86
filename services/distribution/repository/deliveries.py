"""The SQL of desired versions, their deliveries and distributions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Float,
    Row,
    Select,
    and_,
    bindparam,
    case,
    cast,
    delete,
    func,
    literal,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from services.distribution.delivery import UNFINISHED, Delivery, DeliveryKey, Head
from services.distribution.tables import canonical, deliveries, distributions, nodes
from shared.contract.words import DeliveryState
from shared.storage.database import Read, Write

_IS_CURRENT = and_(deliveries.c.configuration == canonical.c.configuration, deliveries.c.version == canonical.c.version)
_IS_PLAYED = or_(nodes.c.plays.is_(None), nodes.c.plays.has_key(canonical.c.configuration))
"""Whether a node holds models of a configuration."""
_DELIVERY_KEY = ("configuration", "version", "node")
_ARRIVED = bindparam("its_bytes_done", type_=deliveries.c.bytes_done.type) - deliveries.c.bytes_done
_SINCE = func.greatest(func.extract("epoch", func.now() - deliveries.c.updated_at), 0.001)
_MOVED = {
    **{
        name: bindparam(f"its_{name}", type_=deliveries.c[name].type)
        for name in ("state", "bytes_done", "detail", "played", "from_peers", "from_service")
    },
    "delivered_at": case(
        (bindparam("its_state") == DeliveryState.DELIVERED, func.now()),
        else_=bindparam("its_delivered_at", type_=deliveries.c.delivered_at.type),
    ),
    "played_at": case((bindparam("its_played"), func.coalesce(deliveries.c.played_at, func.now()))),
    "bytes_per_second": case((and_(bindparam("its_state") == DeliveryState.FETCHING, _ARRIVED > 0), _ARRIVED / _SINCE)),
}
_IS_UNFINISHED = deliveries.c.state.in_(sorted(UNFINISHED))


async def heads(tx: Read) -> list[Head]:
    """The desired version of every configuration."""
    rows = await tx.execute(select(canonical).order_by(canonical.c.configuration))
    return [_head(row) for row in rows]


async def head_of(tx: Read, configuration: str) -> Head | None:
    """The desired version of a configuration, None if nothing was promoted."""
    row = (await tx.execute(_canonical(configuration))).first()
    return None if row is None else _head(row)


async def locked_head_of(tx: Write, configuration: str) -> Head | None:
    """The same, and nobody else raises it until the transaction ends."""
    row = (await tx.execute(_canonical(configuration).with_for_update())).first()
    return None if row is None else _head(row)


def _canonical(configuration: str) -> Select[Any]:
    return select(canonical).where(canonical.c.configuration == configuration)


def _head(row: Row[Any]) -> Head:
    return Head(row.configuration, row.version, row.digest, row.size, row.epoch)


async def raise_head(tx: Write, head: Head) -> bool:
    """Make `head` the desired version if it is of a later epoch, or higher than the present one; False if it is not."""
    values = {"version": head.version, "digest": head.digest, "size": head.size, "epoch": head.epoch}
    statement = insert(canonical).values(configuration=head.configuration, **values)
    raised = statement.on_conflict_do_update(
        index_elements=["configuration"],
        set_={**values, "updated_at": func.now()},
        where=tuple_(canonical.c.epoch, canonical.c.version) < tuple_(literal(head.epoch), literal(head.version)),
    ).returning(canonical.c.version)
    return (await tx.execute(raised)).first() is not None


async def withdraw_heads(tx: Write, epoch: int, named: Collection[str]) -> list[str]:
    """Desire nothing any more of the configurations of earlier epochs that are not named; returns which those are."""
    before = and_(canonical.c.epoch < epoch, canonical.c.configuration.not_in(named))
    return list((await tx.execute(delete(canonical).where(before).returning(canonical.c.configuration))).scalars())


async def forget_deliveries(tx: Write, configuration: str, version: int = 1) -> None:
    """Forget the deliveries and distributions of a version and all above it: they are of versions that the ledger does not know."""
    for table in (deliveries, distributions):
        await tx.execute(delete(table).where(table.c.configuration == configuration, table.c.version >= version))


async def open_deliveries(tx: Write) -> None:
    """A delivery of every desired version to every node that has none yet."""
    of_head = (canonical.c.configuration, canonical.c.version, nodes.c.name, canonical.c.digest, canonical.c.size)
    # always in one order, so that two transactions that do this at once wait for each other and not in a circle
    opened = and_(_IS_CURRENT, deliveries.c.node == nodes.c.name)
    every = select(*of_head).select_from(canonical.join(nodes, _IS_PLAYED).outerjoin(deliveries, opened))
    wanted = every.where(deliveries.c.node.is_(None)).order_by(canonical.c.configuration, nodes.c.name)
    columns = ["configuration", "version", "node", "digest", "size"]
    await tx.execute(insert(deliveries).from_select(columns, wanted).on_conflict_do_nothing())


async def list_deliveries(
    tx: Read, configuration: str | None, after: DeliveryKey | None, limit: int
) -> list[Delivery]:  # fmt: skip
    """Deliveries by configuration, newest version first, then by node; of one configuration or of all."""
    statement = select(deliveries).order_by(
        deliveries.c.configuration, deliveries.c.version.desc(), deliveries.c.node
    )  # fmt: skip
    if configuration is not None:
        statement = statement.where(deliveries.c.configuration == configuration)
    if after is not None:
        statement = statement.where(_comes_after(after))
    return await _read_deliveries(tx, statement.limit(limit))


def _comes_after(key: DeliveryKey) -> ColumnElement[bool]:
    same = deliveries.c.configuration == key.configuration
    later = and_(same, deliveries.c.version == key.version, deliveries.c.node > key.node)
    return or_(deliveries.c.configuration > key.configuration, and_(same, deliveries.c.version < key.version), later)


async def current_deliveries(
    tx: Read, *, configuration: str | None = None, node: str | None = None
) -> list[Delivery]:  # fmt: skip
    """The deliveries of the desired versions: of one configuration or of all, to one node or to all."""
    return await _read_deliveries(tx, _current(configuration, node))


async def lags(tx: Read) -> dict[str, float]:
    """For how many seconds nodes have lacked a desired version, of those that lack one."""
    current = _current(None, None).where(_IS_UNFINISHED).order_by(None).subquery()
    seconds = cast(func.extract("epoch", func.now() - func.min(current.c.created_at)), Float)
    rows = await tx.execute(select(current.c.node, seconds).group_by(current.c.node))
    return {node: float(lag) for node, lag in rows}


async def locked_current_deliveries(
    tx: Write, *, configuration: str | None = None, node: str | None = None
) -> list[Delivery]:  # fmt: skip
    """The same, and nobody else moves them until the transaction ends."""
    return await _read_deliveries(tx, _current(configuration, node).with_for_update(of=deliveries))


async def locked_unfinished_below(tx: Write, head: Head) -> list[Delivery]:
    """The unfinished deliveries of versions below `head`, which nobody else moves until the transaction ends."""
    below = and_(deliveries.c.configuration == head.configuration, deliveries.c.version < head.version)
    statement = select(deliveries).where(below, _IS_UNFINISHED).order_by(deliveries.c.version, deliveries.c.node)
    return await _read_deliveries(tx, statement.with_for_update())


async def deliveries_of(tx: Read, key: tuple[str, int]) -> list[Delivery]:
    """The deliveries of one version, by node."""
    configuration, version = key
    of_it = (deliveries.c.configuration == configuration, deliveries.c.version == version)
    return await _read_deliveries(tx, select(deliveries).where(*of_it).order_by(deliveries.c.node))


def _current(configuration: str | None, node: str | None) -> Select[Any]:
    of_nodes = and_(nodes.c.name == deliveries.c.node, _IS_PLAYED)
    statement = select(deliveries).join(canonical, _IS_CURRENT).join(nodes, of_nodes)
    if configuration is not None:
        statement = statement.where(deliveries.c.configuration == configuration)
    if node is not None:
        statement = statement.where(deliveries.c.node == node)
    return statement.order_by(deliveries.c.configuration, deliveries.c.node)


async def _read_deliveries(tx: Read, statement: Select[Any]) -> list[Delivery]:
    rows = (await tx.execute(statement)).mappings()
    return [Delivery(**{**row, "state": DeliveryState(row["state"])}) for row in rows]


async def save_deliveries(tx: Write, moved: Sequence[Delivery]) -> None:
    """Write deliveries as they are after a move, with the time of it."""
    if not moved:
        return
    key = and_(*(deliveries.c[name] == bindparam(f"its_{name}") for name in _DELIVERY_KEY))
    statement = update(deliveries).where(key).values(**_MOVED, updated_at=func.now())
    await tx.execute(statement, [{f"its_{name}": value for name, value in asdict(each).items()} for each in moved])
