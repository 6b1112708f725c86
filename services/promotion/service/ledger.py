"""How the ledger is written: a move of the pointer with its audit, its event, and what the curriculum learns from it, in the
caller's transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from services.promotion import announcements, repository
from services.promotion.act import Act, Actor, Subject
from services.promotion.disposition import Outcome
from services.promotion.errors import UnknownError
from services.promotion.service.audit import record
from services.promotion.service.curriculum import learnt
from services.promotion.versions import CanonicalVersion, NextVersion
from shared.contract.events import Event, EventData
from shared.contract.words import DispositionCode
from shared.messaging.outbox import Outbox
from shared.storage.database import Database, Write

Row = TypeVar("Row")


@dataclass(frozen=True)
class Ledger:
    """`source`: of the events, and who writes where no person does."""

    database: Database
    outbox: Outbox
    source: str

    async def move(
        self, tx: Write, to: NextVersion, size: int, head: CanonicalVersion | None, outcome: Outcome,
        by: Actor | None = None, cause: Event | None = None,
    ) -> None:  # fmt: skip
        """Append the next canonical version and emit MODEL_PROMOTED. The caller holds the configuration's lock. `by`: the person
        who moves it, None for the suite itself."""
        mover = by or Actor(self.source)
        await repository.append_version(tx, to, mover.name)
        moved: Subject = {
            "version": to.version,
            "digest": to.digest,
            "kind": to.kind,
            "decision_id": str(to.decision_id),
        }
        audited = await record(tx, mover, Act(to.configuration, "move", to.reason, moved))
        await self.emit(tx, announcements.promoted(to, size, head, outcome, *audited), cause)
        await self.learn(tx, to.configuration, outcome.code, to.decision_id, cause)

    async def learn(
        self, tx: Write, configuration: str, code: DispositionCode, decision_id: UUID, cause: Event | None = None
    ) -> None:
        """Have the curriculum learn from what became of a candidate, and say so. The caller holds the configuration's lock."""
        updated = await learnt(tx, configuration, code, decision_id)
        if updated is not None:
            await self.emit(tx, updated, cause)

    async def emit(self, tx: Write, data: EventData, cause: Event | None = None) -> None:
        """Have an event published once the transaction is committed."""
        await self.outbox.add(tx, Event.of(data, source=self.source, cause=cause))


def known(row: Row | None, what: str) -> Row:
    """The row; UnknownError if there is none."""
    if row is None:
        raise UnknownError(f"there is no {what}")
    return row


def canonical(head: CanonicalVersion | None, configuration: str) -> CanonicalVersion:
    """The head; UnknownError if there is none yet."""
    if head is None:
        raise UnknownError(f"{configuration} has no canonical version yet")
    return head
