"""Hold: what a person lays on a configuration until a person lifts it. Pure.

pause   no candidate of a trainer is promoted by itself
pin     the configuration stays on the version that it has, whoever wants to move it
mark    these bytes are bad: no candidate that has them is promoted, but by force
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.contract.words import HoldKind


@dataclass(frozen=True, kw_only=True)
class PlacedHold:
    """A hold to be placed. `version`: of a pin; `digest`: of a mark."""

    configuration: str
    kind: HoldKind
    reason: str
    placed_by: str
    version: int | None = None
    digest: str | None = None

    @property
    def words(self) -> str:
        """What holds, by whom and why."""
        what = {
            HoldKind.PAUSE: f"automatic promotion of {self.configuration} is paused",
            HoldKind.PIN: f"{self.configuration} is pinned to version {self.version}",
            HoldKind.MARK: f"these bytes are marked as bad for {self.configuration}",
        }[self.kind]
        return f"{what}, by {self.placed_by}: {self.reason}"

    def is_same_as(self, other: PlacedHold) -> bool:
        """Whether it holds the same for the same reason, whoever placed it."""
        return (self.kind, self.version, self.digest, self.reason) == (
            other.kind, other.version, other.digest, other.reason,
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Hold(PlacedHold):
    """One hold. `lifted_...`: None as long as it holds."""

    id: UUID
    placed_at: datetime
    lifted_by: str | None = None
    lifted_at: datetime | None = None
    lifted_because: str | None = None


def hold_of(kind: HoldKind, holds: Iterable[Hold]) -> Hold | None:
    """The one of a kind, None if there is none."""
    return next((each for each in holds if each.kind is kind), None)
