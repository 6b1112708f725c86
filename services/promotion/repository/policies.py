"""Statements about gate policies: those that were handed out, and those that people set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select, bindparam, func, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from services.promotion import tables as t
from services.promotion.policy_version import PolicyVersion
from shared.contract.policy import GatePolicy
from shared.storage.database import Read, Write

_TABLE = t.policy_versions
_COLUMNS = [_TABLE.c[name] for name in PolicyVersion._fields if name != "gates"]
_VERSIONS = select(*_COLUMNS, t.policies.c.gates).outerjoin(t.policies, t.policies.c.id == _TABLE.c.policy_id)
_HISTORY = _VERSIONS.where(_TABLE.c.configuration == bindparam("configuration")).order_by(_TABLE.c.version.desc())
NEWEST = _HISTORY.limit(1)


async def record_policy(tx: Write, policy: GatePolicy) -> None:
    """Remember a policy under its name; a known one changes nothing."""
    row = {"id": policy.id, "gates": policy.model_dump(mode="json")}
    await tx.execute(insert(t.policies).on_conflict_do_nothing(), row)


async def policy_version(tx: Read, configuration: str) -> PolicyVersion | None:
    """The newest policy that a person set for a configuration."""
    found = await _policy_versions(tx, NEWEST, configuration)
    return found[0] if found else None


async def policy_versions(tx: Read, configuration: str, limit: int, before: int | None = None) -> list[PolicyVersion]:
    """The policies of a configuration, newest first; only versions lower than `before`, if given."""
    statement = _HISTORY.limit(limit)
    if before is not None:
        statement = statement.where(_TABLE.c.version < before)
    return await _policy_versions(tx, statement, configuration)


async def newest_policies(tx: Read) -> list[PolicyVersion]:
    """The newest policy of every configuration for which a person ever set one."""
    newest = select(_TABLE.c.configuration, func.max(_TABLE.c.version)).group_by(_TABLE.c.configuration)
    return await _policy_versions(tx, _VERSIONS.where(tuple_(_TABLE.c.configuration, _TABLE.c.version).in_(newest)))


async def append_policy(tx: Write, to: PolicyVersion) -> None:
    """Append a version. The caller holds the configuration's lock."""
    if to.gates is not None:
        await record_policy(tx, to.gates)
    row = {"configuration": to.configuration, "version": to.version, "reason": to.reason, "set_by": to.set_by}
    await tx.execute(insert(_TABLE).values(**row, policy_id=to.gates.id if to.gates else None))


async def _policy_versions(tx: Read, statement: Select[Any], configuration: str | None = None) -> list[PolicyVersion]:
    rows = await tx.execute(statement, {"configuration": configuration} if configuration else None)
    return [policy_version_of(row._mapping) for row in rows]


def policy_version_of(columns: Mapping[str, Any]) -> PolicyVersion:
    """A version, from its columns by name."""
    gates = columns["gates"]
    return PolicyVersion(**{**columns, "gates": GatePolicy.model_validate(gates) if gates else None})
