"""Statements about canonical versions: the pointer and its history."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Insert, Text, bindparam, func, insert, select, true

from services.promotion import tables as t
from services.promotion.repository.epochs import STAYS
from services.promotion.versions import CanonicalVersion, NextVersion
from shared.storage.database import Read, Write, lock
from shared.storage.together import Rows, bound

VERSIONS = select(
    t.canonical_versions.c.configuration,
    t.canonical_versions.c.version,
    t.canonical_versions.c.digest,
    t.artifacts.c.size,
    t.canonical_versions.c.kind,
    t.canonical_versions.c.promoted_at,
    t.canonical_versions.c.reason,
    t.canonical_versions.c.decision_id,
    t.canonical_versions.c.promoted_by,
).join(t.artifacts, t.artifacts.c.digest == t.canonical_versions.c.digest)
_HISTORY = VERSIONS.where(t.canonical_versions.c.configuration == bindparam("configuration")).order_by(
    t.canonical_versions.c.version.desc()
)
HEAD = _HISTORY.limit(1)
LOCKS = (STAYS, lock(bindparam("lock", type_=Text)))
_LOCK = select(*LOCKS)
_APPENDED = (*NextVersion._fields, "promoted_by")


async def lock_configuration(tx: Write, configuration: str) -> None:
    """One promotion of a configuration at a time, and no epoch that begins meanwhile: held until the transaction ends."""
    await tx.execute(_LOCK, lock_of(configuration))


def lock_of(configuration: str) -> dict[str, str]:
    """What LOCKS are bound to."""
    return {"lock": f"promotion {configuration}"}


async def head(tx: Read, configuration: str) -> CanonicalVersion | None:
    """The canonical version of a configuration now."""
    row = (await tx.execute(HEAD, {"configuration": configuration})).first()
    return CanonicalVersion(*row) if row else None


async def versions(
    tx: Read, configuration: str, limit: int = 1000, before: int | None = None
) -> list[CanonicalVersion]:
    """The pointer's history, newest first; only versions lower than `before`, if given."""
    statement = _HISTORY.limit(limit)
    if before is not None:
        statement = statement.where(t.canonical_versions.c.version < before)
    return [CanonicalVersion(*row) for row in await tx.execute(statement, {"configuration": configuration})]


async def version(tx: Read, configuration: str, number: int) -> CanonicalVersion | None:
    """One version of a configuration."""
    table = t.canonical_versions
    row = (await tx.execute(VERSIONS.where(table.c.configuration == configuration, table.c.version == number))).first()
    return CanonicalVersion(*row) if row else None


async def version_at(tx: Read, configuration: str, moment: datetime) -> CanonicalVersion | None:
    """What was canonical at a moment; None before the first version."""
    table = t.canonical_versions
    then = (table.c.configuration == configuration, table.c.promoted_at <= moment)
    newest = VERSIONS.where(*then).order_by(table.c.promoted_at.desc(), table.c.version.desc()).limit(1)
    row = (await tx.execute(newest)).first()
    return CanonicalVersion(*row) if row else None


async def version_before(tx: Read, head: CanonicalVersion) -> CanonicalVersion | None:
    """The newest version with other bytes than the canonical ones, and with none that are marked as bad."""
    table, marks = t.canonical_versions, t.holds
    marked = select(marks.c.id).where(
        marks.c.configuration == table.c.configuration, marks.c.digest == table.c.digest, marks.c.lifted_at.is_(None)
    )
    others = (table.c.configuration == head.configuration, table.c.digest != head.digest, ~marked.exists())
    row = (await tx.execute(VERSIONS.where(*others).order_by(table.c.version.desc()).limit(1))).first()
    return CanonicalVersion(*row) if row else None


async def version_of(tx: Read, digest: str, configuration: str | None = None) -> CanonicalVersion | None:
    """The newest version that has these bytes, of one configuration or of any."""
    table = t.canonical_versions
    statement = VERSIONS.where(table.c.digest == digest).order_by(table.c.promoted_at.desc()).limit(1)
    if configuration is not None:
        statement = statement.where(table.c.configuration == configuration)
    row = (await tx.execute(statement)).first()
    return CanonicalVersion(*row) if row else None


async def heads(tx: Read) -> list[CanonicalVersion]:
    """The canonical version of every configuration: a step through the index for each, however long the histories are."""
    table = t.canonical_versions
    known = select(func.min(table.c.configuration).label("configuration")).cte("known", recursive=True)
    following = select(func.min(table.c.configuration)).where(table.c.configuration > known.c.configuration)
    step = select(following.correlate(known).scalar_subquery()).where(known.c.configuration.is_not(None))
    known = known.union_all(step)
    of_it = VERSIONS.where(table.c.configuration == known.c.configuration).correlate(known)
    newest = of_it.order_by(table.c.version.desc()).limit(1).lateral("newest")
    statement = select(newest).select_from(known.join(newest, true())).order_by(newest.c.configuration)
    return [CanonicalVersion(*row) for row in await tx.execute(statement)]


def appended(to: NextVersion, by: str) -> Rows:
    """A canonical version to be appended; the database refuses any but the next one."""
    return Rows(_append, [{**to._asdict(), "promoted_by": by}])


def _append(rows: str) -> Insert:
    """Its time is that of this moment, not of the transaction's beginning, which may have waited for the one that made the version
    before; and never before that one's, whatever became of the clock."""
    table, given = t.canonical_versions, bound(rows, t.canonical_versions, _APPENDED)
    before = (
        select(func.max(table.c.promoted_at)).where(table.c.configuration == given.c.configuration).scalar_subquery()
    )
    promoted_at = func.greatest(func.clock_timestamp(), before)
    return insert(table).from_select([*_APPENDED, "promoted_at"], select(given, promoted_at))
