"""How the ledger is written: a move of the pointer with its audit, its event, and what the curriculum learns from it, in the
caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from services.promotion import announcements, repository
from services.promotion.act import Act, Subject
from services.promotion.disposition import Outcome
from services.promotion.errors import UnknownError
from services.promotion.repository import Present
from services.promotion.service.audit import record
from services.promotion.service.curriculum import learnt
from services.promotion.versions import CanonicalVersion, NextVersion
from shared.contract.audit_chain import Actor
from shared.contract.events import Event, EventData
from shared.contract.events.acts import Acted
from shared.contract.words import DispositionCode
from shared.messaging.outbox import Outbox
from shared.storage.database import Database, Write
from shared.storage.together import Rows

Row = TypeVar("Row")


@dataclass(frozen=True)
class Ledger:
    """`source`: of the events, and who writes where no person does."""

    database: Database
    outbox: Outbox
    source: str

    async def move(
        self, tx: Write, to: NextVersion, size: int, present: Present, outcome: Outcome, decided: Rows,
        by: Actor | None = None, cause: Event | None = None,
    ) -> None:  # fmt: skip
        """Append the next canonical version, beside the decision that says so, and emit MODEL_PROMOTED. The caller holds the
        configuration's lock. `by`: the person who moves it, None for the suite itself."""
        mover = by or Actor(self.source)
        moved: Subject = {
            "version": to.version,
            "digest": to.digest,
            "kind": to.kind,
            "decision_id": str(to.decision_id),
        }
        row = Act(to.configuration, "move", to.reason, moved).after(present.audit, mover, present.at)
        said = announcements.promoted(to, size, present.head, outcome, row.head, present.epoch)
        rows = [decided, repository.appended(to, mover.name), repository.audited(row)]
        await self.learn(tx, present, outcome.code, to.decision_id, cause, said, rows)

    async def learn(
        self, tx: Write, present: Present, code: DispositionCode, decision_id: UUID, cause: Event | None, said: EventData,
        beside: Sequence[Rows] = (),
    ) -> None:  # fmt: skip
        """Say what became of a candidate and have the curriculum learn from it, in one statement with what is written beside. The
        caller holds the configuration's lock."""
        learning = learnt(present, code, decision_id)
        rows, news = ([learning[0]], [learning[1]]) if learning else ([], [])
        await self.emit(tx, said, *news, cause=cause, beside=[*beside, *rows])

    async def note(self, tx: Write, data: Acted, event: Event) -> None:
        """Write what a person did at another service into the audit. Its row names the service and the moment, by its clock."""
        if data.configuration is not None:
            await repository.lock_configuration(tx, data.configuration)
        about: Subject = {**data.about, "service": data.producer, "done_at": event.time.isoformat()}
        await record(tx, Actor(data.actor, data.address), Act(data.configuration, data.action, data.reason, about))

    async def emit(self, tx: Write, *said: EventData, cause: Event | None = None, beside: Sequence[Rows] = ()) -> None:
        """Have events published once the transaction is committed; `beside`: rows that are written by the same statement."""
        events = [Event.of(data, source=self.source, cause=cause) for data in said]
        await self.outbox.add(tx, *events, beside=beside)


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
