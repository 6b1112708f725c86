"""The statement about a configuration's present: all that its next decision and its next row are made of, read at once.

Made once, as all statements that a promotion waits for: making one takes longer than carrying it out.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from pydantic import TypeAdapter
from sqlalchemy import Row, Select, Subquery, Text, bindparam, func, select, true

from services.promotion import tables as t
from services.promotion.curriculum import Standing
from services.promotion.hold import Hold
from services.promotion.policy_version import PolicyVersion
from services.promotion.repository.audit import LAST
from services.promotion.repository.curriculum import STANDINGS
from services.promotion.repository.epochs import EPOCH
from services.promotion.repository.holds import ON
from services.promotion.repository.policies import NEWEST, policy_version_of
from services.promotion.repository.versions import HEAD
from services.promotion.repository.weights import holds_weights_of
from services.promotion.versions import CanonicalVersion
from shared.contract.audit_chain import ChainHead
from shared.storage.database import Write


class Present(NamedTuple):
    """A configuration at a moment, by the database's clock, beside a candidate. `epoch`: the ledger's; `is_canonical`: whether the
    canonical version has the candidate's weights; `holds`: on the configuration, and on the candidate in it; `policy`: the newest
    that a person set; `is_recorded`: whether the policy that was asked about is remembered under its name; `audit`: the last row
    of the chain; `standings`: what the curriculum knows, of every configuration."""

    configuration: str
    at: datetime
    epoch: int
    head: CanonicalVersion | None
    is_canonical: bool
    holds: tuple[Hold, ...]
    policy: PolicyVersion | None
    is_recorded: bool
    audit: ChainHead | None
    standings: tuple[Standing, ...]


_HOLDS, _STANDINGS = TypeAdapter(tuple[Hold, ...]), TypeAdapter(tuple[Standing, ...])
_now = select(func.clock_timestamp().label("at"), EPOCH.label("epoch")).subquery("now")
_head, _policy, _last = HEAD.subquery("head"), NEWEST.subquery("policy"), LAST.subquery("last")
_recorded = select(t.policies.c.id).where(t.policies.c.id == bindparam("policy_id", type_=Text))


def _listed(statement: Select[Any], name: str) -> Any:
    """The rows of a statement as a list of objects, in one column."""
    rows = statement.subquery(name)
    return select(func.json_agg(rows.table_valued())).scalar_subquery().label(name)


def _named(rows: Subquery, prefix: str) -> list[Any]:
    return [column.label(f"{prefix}{column.name}") for column in rows.c]


_PRESENT = (
    select(
        *_now.c,
        *_named(_head, "head_"),
        holds_weights_of(_head.c.digest, bindparam("digest", type_=Text)).label("is_canonical"),
        *_named(_policy, "policy_"),
        _recorded.exists().label("is_recorded"),
        *_named(_last, "last_"),
        _listed(ON, "holds"),
        _listed(STANDINGS, "standings"),
    )
    .select_from(_now)
    .outerjoin(_head, true())
    .outerjoin(_policy, true())
    .outerjoin(_last, true())
)


async def present(tx: Write, configuration: str, digest: str, policy_id: str) -> Present:
    """The present, which stays until the transaction ends: the caller holds the configuration's lock, as do all who change it."""
    values = {"configuration": configuration, "chain": configuration, "digest": digest, "policy_id": policy_id}
    row = (await tx.execute(_PRESENT, values)).one()
    return Present(
        configuration=configuration,
        at=row.at,
        epoch=row.epoch,
        head=CanonicalVersion(**_part(row, "head_")) if row.head_version else None,
        is_canonical=bool(row.is_canonical),
        holds=_HOLDS.validate_python(row.holds or ()),
        policy=policy_version_of(_part(row, "policy_")) if row.policy_version else None,
        is_recorded=row.is_recorded,
        audit=ChainHead(configuration, row.last_sequence, row.last_hash) if row.last_hash else None,
        standings=_STANDINGS.validate_python(row.standings or ()),
    )


def _part(row: Row[*tuple[Any, ...]], prefix: str) -> dict[str, Any]:
    """The columns with a prefix, by their names without it."""
    return {name.removeprefix(prefix): each for name, each in row._mapping.items() if name.startswith(prefix)}
