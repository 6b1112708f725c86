"""Canonical versions: the rows of the pointer's history. Pure; a version is only ever followed by the next higher one."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.promotion.errors import VersionMovedError
from shared.contract.evidence import CanonicalReference
from shared.contract.words import PromotionKind


class CanonicalVersion(NamedTuple):
    """One row of the pointer's history, with the size of its bytes."""

    configuration: str
    version: int
    digest: str
    size: int
    kind: PromotionKind
    promoted_at: datetime
    reason: str
    decision_id: UUID
    promoted_by: str

    @property
    def reference(self) -> CanonicalReference:
        """Version and digest alone."""
        return CanonicalReference(version=self.version, digest=self.digest)


def require_seen(head: CanonicalVersion | None, seen: int | None) -> None:
    """Compare before the pointer is set. VersionMovedError unless it is where the caller saw it; None: that does not matter."""
    now = head.version if head else 0
    if seen not in (None, now):
        raise VersionMovedError(f'canonical is version {now or "none"}, not "{seen}"')


class NextVersion(NamedTuple):
    """A canonical version to be appended."""

    configuration: str
    version: int
    digest: str
    decision_id: UUID
    kind: PromotionKind
    reason: str
