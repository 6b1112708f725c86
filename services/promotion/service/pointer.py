"""The canonical pointer as people see and move it: what is canonical, going back, having it delivered again."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import uuid4

from services.promotion import repository
from services.promotion.act import Act, Subject
from services.promotion.controller import Decision
from services.promotion.disposition import Outcome, unchanged
from services.promotion.distribution_client import DistributionClient
from services.promotion.errors import (
    AlreadyCanonicalError,
    BytesMissingError,
    NameDisagreesError,
    NeverCanonicalError,
    NotCanonicalError,
    UnknownError,
)
from services.promotion.hold import PlacedHold
from services.promotion.service.audit import record
from services.promotion.service.holds import Holds, require_movable
from services.promotion.service.ledger import Ledger, canonical, known
from services.promotion.service.model_files import ModelFiles
from services.promotion.service.policies import Policies
from services.promotion.versions import CanonicalVersion, NextVersion, require_seen
from shared.contract.audit_chain import Actor
from shared.contract.configuration import named_by
from shared.contract.words import LONGEST_PERSONS_REASON, HoldKind
from shared.storage.artifacts import ArtifactStore
from shared.storage.database import Read, Write

ASKED = "delivery to every node was asked for"
BROUGHT = "the ledger's feed brings it to the distribution service, and that to every node"


class Heads(NamedTuple):
    """What is canonical, and in which epoch of the ledger."""

    epoch: int
    versions: list[CanonicalVersion]


@dataclass(frozen=True)
class Distributed:
    """What is canonical after a file was to be delivered, whether that is new, and in words how it gets to the nodes."""

    head: CanonicalVersion
    changed: bool
    detail: str


@dataclass(frozen=True)
class Pointer:
    """Shows the pointer and moves it for people; judging.py moves it for candidates."""

    ledger: Ledger
    policies: Policies
    holds: Holds
    store: ArtifactStore
    models: ModelFiles
    distribution: DistributionClient

    async def heads(self) -> Heads:
        """The canonical version of every configuration that has one."""
        async with self.ledger.database.read() as tx:
            # the epoch first: one that begins meanwhile is not said of the versions of the one before
            epoch = await repository.epoch(tx)
            return Heads(epoch.epoch, await repository.heads(tx))

    async def canonical(self, configuration: str, moment: datetime | None = None) -> CanonicalVersion:
        """The canonical version of a configuration, now or at a moment. UnknownError if there was none yet."""
        async with self.ledger.database.read() as tx:
            if moment is None:
                return canonical(await repository.head(tx, configuration), configuration)
            found = await repository.version_at(tx, configuration, moment)
            return known(found, f"version of {configuration} that was canonical at {moment.isoformat()}")

    async def history(self, configuration: str, before: int | None, limit: int) -> list[CanonicalVersion]:
        """The pointer's history, newest first."""
        async with self.ledger.database.read() as tx:
            return await repository.versions(tx, configuration, limit, before)

    async def distribute(
        self, model_path: str, by: Actor, reason: str | None, seen: int | None, *, force: bool
    ) -> Distributed:
        """Have a canonical file delivered again; with `force`, make the earlier version with its bytes canonical again.
        VersionMovedError, HeldError."""
        digest = await self.models.digest(model_path)
        async with self.ledger.database.write() as tx:
            found = await self._version_in(tx, model_path, digest)
            await repository.lock_configuration(tx, found.configuration)
            head = canonical(await repository.head(tx, found.configuration), found.configuration)
            require_seen(head, seen)
            moved = head.digest != digest
            if moved and not force:
                detail = (
                    f"{model_path} is version {found.version} of {found.configuration}; canonical is {head.version}"
                )
                raise NotCanonicalError(f'{detail}; add "force": true to make it canonical again')
            if moved:
                why = f"restored from {model_path}" + (f": {reason}" if reason else "")
                head = await self._roll_back(tx, head, found, by, why, mark=True)
            else:
                again: Subject = {"version": head.version, "digest": digest, "model_path": model_path}
                await record(tx, by, Act(head.configuration, "redistribute", reason, again))
        if moved:
            return Distributed(head, True, f"version {head.version} has these bytes now; {BROUGHT}")
        known = await self.distribution.distribute(head.configuration, head.version, digest)
        return Distributed(head, False, f"{unchanged(head.version)}; {ASKED if known else BROUGHT}")

    async def _version_in(self, tx: Read, model_path: str, digest: str) -> CanonicalVersion:
        """The newest version with a file's bytes: of the configuration that its name names, if it does."""
        named = named_by(model_path)
        found = await repository.version_of(tx, digest, named)
        if found is not None:
            return found
        other = await repository.version_of(tx, digest) if named else None
        if other is None:
            raise NeverCanonicalError(digest)
        held = f"version {other.version} of {other.configuration}"
        raise NameDisagreesError(f"{model_path} is called the canonical file of {named} and holds {held}")

    async def roll_back(
        self, configuration: str, to_version: int | None, by: Actor, reason: str, seen: int | None, *, mark: bool
    ) -> CanonicalVersion:
        """Make an earlier version's bytes canonical again, as a new and higher version. UnknownError, VersionMovedError,
        AlreadyCanonicalError, HeldError, BytesMissingError.

        to_version: None for the newest before with other bytes that are not marked as bad. mark: whether the bytes that are left
        get such a mark.
        """
        async with self.ledger.database.write() as tx:
            await repository.lock_configuration(tx, configuration)
            head = canonical(await repository.head(tx, configuration), configuration)
            require_seen(head, seen)
            wanted = await _wanted(tx, head, to_version)
            if wanted.digest == head.digest:
                raise AlreadyCanonicalError(f"version {head.version} already has the bytes of {to_version}")
            return await self._roll_back(tx, head, wanted, by, reason, mark=mark)

    async def go_back(self, tx: Write, configuration: str, by: Actor, reason: str) -> CanonicalVersion:
        """The same in the caller's transaction, who holds the configuration's lock: to the version before; the bytes that are left
        get the mark. UnknownError, HeldError, BytesMissingError."""
        head = canonical(await repository.head(tx, configuration), configuration)
        return await self._roll_back(tx, head, await _wanted(tx, head, None), by, reason, mark=True)

    async def _roll_back(
        self, tx: Write, head: CanonicalVersion, to: CanonicalVersion, by: Actor, reason: str, *, mark: bool
    ) -> CanonicalVersion:
        """A forward move of the pointer, to a new and higher version that names older bytes."""
        await require_movable(tx, head.configuration)
        if await asyncio.to_thread(self.store.find, to.digest) is None:
            raise BytesMissingError(f"the artifact store lacks the bytes of version {to.version}, {to.digest}")
        why = f"rollback to the bytes of version {to.version}: {reason}"
        decision = Decision("passed", "rolled_back", (why,))
        outcome = Outcome("promoted", decision.code, decision.reasons)
        controller = await self.policies.controller(tx, to.configuration)
        await repository.record_policy(tx, controller.policy)
        decision_id = uuid4()
        decided = repository.decided(
            decision_id, to.configuration, to.digest, decision, outcome, controller, head, evaluation_id=None
        )
        following = NextVersion(to.configuration, head.version + 1, to.digest, decision_id, "rollback", why)
        asked = {"from_version": head.version, "to_version": to.version}
        await record(tx, by, Act(to.configuration, "rollback", reason, asked))
        present = await repository.present(tx, to.configuration, to.digest, controller.policy.id)
        await self.ledger.move(tx, following, to.size, present, outcome, decided, by)
        await self._judge_bytes(tx, head, to, by, reason, mark=mark)
        return canonical(await repository.head(tx, to.configuration), to.configuration)

    async def _judge_bytes(
        self, tx: Write, head: CanonicalVersion, to: CanonicalVersion, by: Actor, reason: str, *, mark: bool
    ) -> None:
        """A person's judgement stands: the bytes that were left are bad, and those that were gone back to are not."""
        because = f"rolled back to as version {head.version + 1}"
        await self.holds.lift_in(tx, to.configuration, HoldKind.MARK, to.digest, by, because)
        if mark:
            bad = PlacedHold(
                configuration=head.configuration, kind=HoldKind.MARK, digest=head.digest, placed_by=by.name,
                reason=f"version {head.version} was rolled back from: {reason}"[:LONGEST_PERSONS_REASON],
            )  # fmt: skip
            await self.holds.place_in(tx, bad, by)


async def _wanted(tx: Read, head: CanonicalVersion, to_version: int | None) -> CanonicalVersion:
    """The version to go back to."""
    if to_version is None:
        found = await repository.version_before(tx, head)
        what = f"version of {head.configuration} before {head.version} with other bytes that are not marked as bad"
        return known(found, what)
    found = await repository.version(tx, head.configuration, to_version)
    if found is None:
        raise UnknownError(f"{head.configuration} has no version {to_version}; the newest is {head.version}")
    return found
