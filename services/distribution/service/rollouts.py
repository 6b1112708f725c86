"""The use cases of waves: how far each version goes, moved by what nodes say and by people."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, NamedTuple

from services.distribution import repository
from services.distribution.delivery import Delivery
from services.distribution.distribution import Standing, to_hold
from services.distribution.errors import NotCanonicalError, UnknownError
from services.distribution.node import KnownNode
from services.distribution.repository import DistributionKey, KnownDistribution, OpenDistribution
from services.distribution.service.acts import Acts
from services.distribution.wave import Rollout, WavePlan, answering, reload_faults, withheld
from shared.contract.audit_chain import Actor
from shared.contract.configuration import Configuration
from shared.contract.delivery import RolloutState
from shared.contract.events import Event
from shared.contract.events.distribution import DistributionProgress
from shared.contract.words import AuditAction
from shared.messaging.outbox import Outbox
from shared.process.logs import get_logger
from shared.storage.database import Read, Transactions, Write

Withheld = Mapping[str, Mapping[str, str]]
"""By configuration, the nodes that may not be ordered to hold its version now, each with the reason."""
Health = Callable[[], Awaitable[str | None]]
PROGRESS_SECONDS = 1.0
"""How often whoever follows is told of what other processes changed."""
UNHEALTHY = 3
"""So many answers in a row that something is wrong pause a rollout."""
_log = get_logger(__name__)


class Steer(NamedTuple):
    """What a person wants of a distribution, and why."""

    by: Actor
    reason: str


class Looked(NamedTuple):
    """What a look at a distribution has found: the standing of the nodes that were to have it by now, and what is wrong with the
    version, if its waves were paused for that now."""

    due: Standing
    fault: str | None


class DistributionDetail(NamedTuple):
    """A distribution with its nodes. `withheld`: those that may not have it yet; `missing`: those that lack it, with the reason."""

    known: KnownDistribution
    waves: int
    deliveries: Sequence[Delivery]
    withheld: Mapping[str, str]
    standing: Standing
    is_canonical: bool

    @property
    def has_ended(self) -> bool:
        """Whether every node holds it, or another version is canonical."""
        return self.known.completed_at is not None or not self.is_canonical

    @property
    def revision(self) -> str:
        """Another one after every change of what is shown."""
        known = self.known._replace(rollout=replace(self.known.rollout, soaked=None))
        missing = sorted(self.standing.missing.items())
        shown = (known, self.waves, self.deliveries, sorted(self.withheld.items()), missing, self.has_ended)
        return hashlib.sha256(repr(shown).encode()).hexdigest()[:16]


@dataclass
class Rollouts:
    """`health`: what is wrong with what plays there, by whoever watches it, None for nothing; `source`: of the events."""

    database: Transactions
    outbox: Outbox
    plan: WavePlan
    source: str
    health: Health | None = None
    _unhealthy: list[str] = field(default_factory=list, init=False)

    async def look(self) -> None:
        """Ask once whether everything is well."""
        found = await self.health() if self.health is not None else None
        self._unhealthy = [*self._unhealthy, found][-UNHEALTHY:] if found else []

    def look_anew(self) -> None:
        """What was found wrong before says nothing any more."""
        self._unhealthy = []

    async def seen(
        self, tx: Write, open_one: OpenDistribution, nodes: Sequence[KnownNode], current: Sequence[Delivery]
    ) -> Looked:
        """Move the waves of a distribution by what its nodes say."""
        distribution, before = open_one
        members = self.plan.members(nodes, distribution.digest, before.wave)
        heard = answering(nodes, members)
        faults = reload_faults(heard, distribution.configuration, distribution.digest) | self._health_faults()
        after = before.seen(self.plan, Standing.of(heard, current), faults)
        if after != before:
            key = DistributionKey(distribution.configuration, distribution.version)
            await self._save(tx, key, distribution.digest, nodes, before, after)
        late = withheld(after, self.plan, nodes, distribution.digest)
        due = Standing.of([node for node in nodes if node.name not in late], current)
        return Looked(due, after.reason if after.is_paused_since(before) else None)

    async def withheld(self, tx: Read) -> Withheld:
        """Who may not be ordered what, of every distribution that goes on."""
        waiting = [each for each in await repository.open_rollouts(tx) if not each.rollout.is_for_all(self.plan)]
        nodes, found = await repository.known_nodes(tx) if waiting else [], dict[str, Mapping[str, str]]()
        for distribution, rollout in waiting:
            named = to_hold(nodes, distribution.configuration)
            found[distribution.configuration] = withheld(rollout, self.plan, named, distribution.digest)
        return found

    async def page(
        self, configuration: str | None, after: DistributionKey | None, limit: int
    ) -> list[KnownDistribution]:
        """Distributions by configuration, newest version first."""
        async with self.database.read() as tx:
            return await repository.list_distributions(tx, configuration, after, limit)

    async def show(self, key: DistributionKey) -> DistributionDetail:
        """One of them with every node. UnknownError."""
        async with self.database.read() as tx:
            known = await repository.known_distribution(tx, key)
            if known is None:
                raise _unknown(key)
            nodes = to_hold(await repository.known_nodes(tx), key.configuration)
            deliveries = await repository.deliveries_of(tx, key)
            head = await repository.head_of(tx, key.configuration)
        is_canonical = head is not None and head.version == key.version
        is_open = known.completed_at is None and is_canonical
        late = withheld(known.rollout, self.plan, nodes, known.digest) if is_open else {}
        return DistributionDetail(
            known, self.plan.waves, deliveries, late, Standing.of(nodes, deliveries), is_canonical
        )

    async def follow(self, key: DistributionKey, seen: str | None) -> AsyncIterator[DistributionDetail]:
        """One of them at every change after the revision `seen`, until it has ended."""
        async for _ in self.database.changes(PROGRESS_SECONDS):
            try:
                detail = await self.show(key)
            except UnknownError:
                return  # the ledger was restored to an earlier state, in which there is no such version
            if detail.revision != seen:
                yield detail
            seen = detail.revision
            if detail.has_ended:
                return

    async def pause(self, key: DistributionKey, steer: Steer) -> None:
        """Order no further node until somebody resumes. UnknownError, NotCanonicalError."""
        await self._steered(
            key, steer, "pause_distribution", lambda rollout: rollout.paused(steer.reason, steer.by.name)
        )

    async def resume(self, key: DistributionKey, steer: Steer) -> None:
        """Go on with the wave that it was in. UnknownError, NotCanonicalError."""
        await self._steered(
            key, steer, "resume_distribution", lambda rollout: rollout.resumed(steer.reason, steer.by.name)
        )

    async def abort(self, key: DistributionKey, steer: Steer) -> None:
        """Order no further node; those that have the version keep it. UnknownError, NotCanonicalError."""
        await self._steered(
            key, steer, "abort_distribution", lambda rollout: rollout.aborted(steer.reason, steer.by.name)
        )

    async def advance(self, key: DistributionKey, steer: Steer) -> None:
        """Begin the next wave at once, whatever the nodes of this one say. UnknownError, NotCanonicalError."""
        move = partial(Rollout.advanced, plan=self.plan, reason=steer.reason, by=steer.by.name)
        await self._steered(key, steer, "advance_distribution", move)

    async def _steered(
        self, key: DistributionKey, steer: Steer, action: AuditAction, move: Callable[[Rollout], Rollout]
    ) -> None:
        async with self.database.write() as tx:
            known, head = await repository.locked_distribution(tx, key), await repository.head_of(tx, key.configuration)
            if known is None:
                raise _unknown(key)
            if head is None or head.version != key.version:
                now = f"version {head.version} is" if head else "nothing is"
                raise NotCanonicalError(f"{key} is over: {now} canonical; only the distribution of that can be steered")
            if known.completed_at is not None:
                raise NotCanonicalError(f"{key} is over: every node holds it")
            nodes = to_hold(await repository.known_nodes(tx), key.configuration)
            await self._save(tx, key, known.digest, nodes, known.rollout, move(known.rollout))
            await repository.look_anew(tx)
            about: dict[str, str | int] = {"version": key.version, "digest": known.digest}
            acts = Acts(self.outbox, self.source)
            await acts.say(tx, steer.by, action, about, steer.reason, configuration=key.configuration)

    async def _save(
        self, tx: Write, key: DistributionKey, digest: str, nodes: Sequence[KnownNode], before: Rollout, after: Rollout
    ) -> None:
        """Write how far it is; say so, unless all that changed is that a soak time begins or begins anew."""
        await repository.save_rollout(tx, key, after)
        if (before.wave, before.state, before.reason) == (after.wave, after.state, after.reason):
            return
        members = self.plan.members(nodes, digest, after.wave)
        said = _said(key, digest, after, self.plan.waves, sorted(members))
        await self.outbox.add(tx, Event.of(said, source=self.source))
        about = {
            "configuration": key.configuration,
            "version": key.version,
            "wave": after.wave,
            "waves": self.plan.waves,
        }
        level = _log.info if after.state is RolloutState.RUNNING else _log.warning
        level("rollout", **about, state=after.state, reason=after.reason, changed_by=after.by)

    def _health_faults(self) -> dict[str, str]:
        return {"health": self._unhealthy[-1]} if len(self._unhealthy) >= UNHEALTHY else {}


def _said(key: DistributionKey, digest: str, rollout: Rollout, waves: int, nodes: list[str]) -> DistributionProgress:
    board, players = Configuration.parse(key.configuration)
    said: dict[str, Any] = {
        "board_type": board, "num_players": players, "version": key.version, "digest": digest, "state": rollout.state,
        "wave": rollout.wave, "waves": waves, "nodes": nodes, "reason": rollout.reason, "changed_by": rollout.by,
    }  # fmt: skip
    return DistributionProgress.model_validate(said)


def _unknown(key: DistributionKey) -> UnknownError:
    return UnknownError(f"there is no distribution {key}; GET /v1/distributions lists them")
