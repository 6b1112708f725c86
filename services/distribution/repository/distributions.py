"""The SQL of distributions and of their waves."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, and_, case, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from services.distribution.delivery import Head
from services.distribution.distribution import Distribution, Ending
from services.distribution.tables import MESSAGING, canonical, distributions
from services.distribution.wave import Rollout
from shared.contract.delivery import RolloutState
from shared.contract.events.distribution import DistributionStarted
from shared.storage.database import Read, Write

_IS_DESIRED = and_(
    distributions.c.configuration == canonical.c.configuration, distributions.c.version == canonical.c.version
)
_NOW = func.clock_timestamp()


class DistributionKey(NamedTuple):
    """Which distribution it is, as lists go on after it: `hex8_2p:7`."""

    configuration: str
    version: int

    def __str__(self) -> str:
        return f"{self.configuration}:{self.version}"


class KnownDistribution(NamedTuple):
    """A distribution with its times, and how far its waves are."""

    key: DistributionKey
    digest: str
    started_at: datetime
    completed_at: datetime | None
    failed_at: datetime | None
    rollout: Rollout


class OpenDistribution(NamedTuple):
    """A distribution of a desired version that is not complete."""

    distribution: Distribution
    rollout: Rollout


async def start_distribution(tx: Write, head: Head) -> None:
    """Begin the distribution of `head`, or begin it anew: its time runs from now, its waves go on where they are."""
    statement = insert(distributions).values(
        configuration=head.configuration, version=head.version, digest=head.digest
    )  # fmt: skip
    again = {"started_at": func.now(), "wave_at": func.now(), "completed_at": None, "failed_at": None}
    await tx.execute(statement.on_conflict_do_update(index_elements=["configuration", "version"], set_=again))


async def trace_of(tx: Read, configuration: str, version: int) -> str | None:
    """The place in the trace that the newest distribution of a version was begun in, by its event; None if that is not kept."""
    table = MESSAGING.outbox
    this = (table.c.type == DistributionStarted.event_type, table.c.event["subject"].astext == configuration)
    begun = select(table.c.event["traceparent"].astext).where(
        *this, table.c.event["data"]["version"].astext == str(version)
    )
    return (await tx.execute(begun.order_by(table.c.position.desc()).limit(1))).scalar()


async def locked_distributions(tx: Write) -> list[OpenDistribution]:
    """The distributions of desired versions that are not complete; nobody else moves them until the transaction ends."""
    statement = _read().join(canonical, _IS_DESIRED).where(distributions.c.completed_at.is_(None))
    rows = await tx.execute(statement.order_by(distributions.c.configuration).with_for_update(of=distributions))
    return [OpenDistribution(_distribution(row), _rollout(row)) for row in rows]


async def open_rollouts(tx: Read) -> list[OpenDistribution]:
    """The same, to look at."""
    statement = _read().join(canonical, _IS_DESIRED).where(distributions.c.completed_at.is_(None))
    return [OpenDistribution(_distribution(row), _rollout(row)) for row in await tx.execute(statement)]


async def locked_distribution(tx: Write, key: DistributionKey) -> KnownDistribution | None:
    """One distribution, which nobody else moves until the transaction ends."""
    row = (await tx.execute(_one(key).with_for_update(of=distributions))).first()
    return _known(row) if row else None


async def known_distribution(tx: Read, key: DistributionKey) -> KnownDistribution | None:
    """One distribution."""
    row = (await tx.execute(_one(key))).first()
    return _known(row) if row else None


async def list_distributions(
    tx: Read, configuration: str | None, after: DistributionKey | None, limit: int
) -> list[KnownDistribution]:
    """Distributions by configuration, newest version first."""
    statement = _read().order_by(distributions.c.configuration, distributions.c.version.desc()).limit(limit)
    if configuration is not None:
        statement = statement.where(distributions.c.configuration == configuration)
    if after is not None:
        place = tuple_(distributions.c.configuration, -distributions.c.version)
        statement = statement.where(place > tuple_(after.configuration, -after.version))
    return [_known(row) for row in await tx.execute(statement)]


async def save_rollout(tx: Write, key: DistributionKey, rollout: Rollout) -> None:
    """Write how far the waves are."""
    next_wave = distributions.c.wave != rollout.wave
    completed = case(
        (distributions.c.wave_completed_at.is_(None) | next_wave, _NOW), else_=distributions.c.wave_completed_at
    )
    values: dict[str, Any] = {
        "wave": rollout.wave, "wave_at": case((next_wave, _NOW), else_=distributions.c.wave_at),
        "wave_completed_at": None if rollout.soaked is None else completed,
        "rollout": rollout.state, "reason": rollout.reason, "changed_by": rollout.by,
    }  # fmt: skip
    await tx.execute(update(distributions).where(*_is(key)).values(values))


async def end_distribution(tx: Write, distribution: Distribution, ending: Ending) -> None:
    """Note that a distribution was completed, or ran out of time."""
    column = {"completed": distributions.c.completed_at, "failed": distributions.c.failed_at}[ending]
    key = DistributionKey(distribution.configuration, distribution.version)
    await tx.execute(update(distributions).where(*_is(key)).values({column: _NOW}))


def _is(key: DistributionKey) -> tuple[Any, ...]:
    return distributions.c.configuration == key.configuration, distributions.c.version == key.version


def _one(key: DistributionKey) -> Select[Any]:
    return _read().where(*_is(key))


def _read() -> Select[Any]:
    since = func.greatest(distributions.c.started_at, distributions.c.wave_at)
    return select(
        distributions,
        func.extract("epoch", _NOW - since).label("seconds"),
        func.extract("epoch", _NOW - distributions.c.wave_completed_at).label("soaked"),
    )


def _distribution(row: Row[Any]) -> Distribution:
    return Distribution(row.configuration, row.version, row.digest, float(row.seconds), row.failed_at is not None)


def _rollout(row: Row[Any]) -> Rollout:
    soaked = None if row.soaked is None else float(row.soaked)
    return Rollout(row.wave, RolloutState(row.rollout), row.reason, row.changed_by, soaked)


def _known(row: Row[Any]) -> KnownDistribution:
    key = DistributionKey(row.configuration, row.version)
    return KnownDistribution(key, row.digest, row.started_at, row.completed_at, row.failed_at, _rollout(row))
