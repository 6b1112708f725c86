"""Acts: what people do to the ledger, and each move of the pointer, as rows of the audit. Pure; time comes in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from shared.contract.audit_chain import Actor, ChainHead, hash_of
from shared.contract.words import AuditAction

Subject = Mapping[str, str | int | None]
"""What an act is about, by kind; what is None is left out."""


@dataclass(frozen=True, kw_only=True)
class AuditRow:
    """One row. `previous`: the hash of the row before in its configuration; `subject`: what it is about, by kind."""

    configuration: str | None
    sequence: int
    at: datetime
    actor: str
    address: str | None
    action: AuditAction
    subject: Mapping[str, str | int]
    reason: str | None
    previous: str | None
    hash: str = ""

    @property
    def content(self) -> dict[str, Any]:
        """The row as people and programs are given it, and as its hash is of it."""
        return {**vars(self), "at": self.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")}

    @property
    def head(self) -> ChainHead:
        """The row as the last of its chain."""
        return ChainHead(self.configuration, self.sequence, self.hash)


@dataclass(frozen=True)
class Act:
    """What is done, and why. `configuration`: None where it concerns none."""

    configuration: str | None
    action: AuditAction
    reason: str | None
    subject: Subject

    def after(self, head: ChainHead | None, by: Actor, at: datetime) -> AuditRow:
        """The row that follows the last one of its chain, None where it is the first."""
        row = AuditRow(
            configuration=self.configuration, sequence=head.sequence + 1 if head else 1, at=at,
            actor=by.name, address=by.address, action=self.action, reason=self.reason,
            subject={name: each for name, each in self.subject.items() if each is not None},
            previous=head.hash if head else None,
        )  # fmt: skip
        return replace(row, hash=hash_of(row.content))
