"""Holds as people place and lift them. Each is one transaction, under the configuration's lock, with its audit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from services.promotion import repository
from services.promotion.act import Act, Subject
from services.promotion.errors import HeldError, UnknownError
from services.promotion.hold import Hold, PlacedHold, hold_of
from services.promotion.service.audit import record
from services.promotion.service.ledger import Ledger, canonical, known
from shared.contract.audit_chain import Actor
from shared.contract.words import AuditAction, HoldKind
from shared.storage.database import Write

LIFTED: Mapping[HoldKind, AuditAction] = {HoldKind.PAUSE: "resume", HoldKind.PIN: "unpin", HoldKind.MARK: "unmark"}
"""What the audit calls the lifting of each kind."""


@dataclass(frozen=True)
class Holds:
    """Places holds, lifts them and shows them."""

    ledger: Ledger

    async def place(self, wanted: PlacedHold, by: Actor) -> Hold:
        """Place a hold; one that holds the same already is left, any other of its kind is replaced. HeldError for a pin to a
        version that is not canonical, UnknownError for a mark on bytes that nobody knows."""
        async with self.ledger.database.write() as tx:
            await repository.lock_configuration(tx, wanted.configuration)
            await _require_sense(tx, wanted)
            return await self.place_in(tx, wanted, by)

    async def place_in(self, tx: Write, wanted: PlacedHold, by: Actor) -> Hold:
        """The same in the caller's transaction, who holds the configuration's lock."""
        present = hold_of(wanted.kind, await repository.holds_on(tx, wanted.configuration, wanted.digest))
        if present is not None and present.is_same_as(wanted):
            return present
        if present is not None:
            await self._lift(tx, present, by, f"replaced: {wanted.reason}")
        placed = await repository.place_hold(tx, wanted)
        act = Act(wanted.configuration, wanted.kind.value, wanted.reason, _about(wanted))
        await record(tx, by, act)
        return known(await repository.hold(tx, placed), f"hold {placed}")

    async def lift(self, configuration: str, kind: HoldKind, digest: str | None, by: Actor, because: str) -> Hold:
        """Lift a hold. UnknownError if there is none."""
        async with self.ledger.database.write() as tx:
            await repository.lock_configuration(tx, configuration)
            lifted = await self.lift_in(tx, configuration, kind, digest, by, because)
            return known(lifted, f"{kind} on {digest or configuration}")

    async def lift_in(
        self, tx: Write, configuration: str, kind: HoldKind, digest: str | None, by: Actor, because: str
    ) -> Hold | None:
        """The same in the caller's transaction, who holds the configuration's lock; None if there is nothing to lift."""
        present = hold_of(kind, await repository.holds_on(tx, configuration, digest))
        if present is None:
            return None
        await self._lift(tx, present, by, because)
        return await repository.hold(tx, present.id)

    async def page(self, configuration: str | None, before: UUID | None, limit: int, *, lifted: bool) -> list[Hold]:
        """Holds, newest first; with `lifted` also those of the past."""
        async with self.ledger.database.read() as tx:
            return await repository.list_holds(tx, configuration, before, limit, lifted=lifted)

    async def _lift(self, tx: Write, present: Hold, by: Actor, because: str) -> None:
        await repository.lift_hold(tx, present.id, by.name, because)
        await record(tx, by, Act(present.configuration, LIFTED[present.kind], because, _about(present)))


def _about(hold: PlacedHold) -> Subject:
    """What a hold is about, for the audit."""
    return {"version": hold.version, "digest": hold.digest}


async def require_movable(tx: Write, configuration: str) -> None:
    """HeldError while the configuration is pinned."""
    pin = hold_of(HoldKind.PIN, await repository.holds_on(tx, configuration, None))
    if pin is not None:
        raise HeldError(f"{pin.words}; unpin it first")


async def _require_sense(tx: Write, wanted: PlacedHold) -> None:
    if wanted.kind is HoldKind.PIN:
        head = canonical(await repository.head(tx, wanted.configuration), wanted.configuration)
        if head.version != wanted.version:
            raise HeldError(f"canonical is version {head.version}; roll back to {wanted.version} before it is pinned")
    if wanted.digest is not None and not await repository.knows_artifact(tx, wanted.digest):
        raise UnknownError(f"no model with digest {wanted.digest} was ever judged here")
