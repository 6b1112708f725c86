"""How far a machine confines: what the self-test at start found to hold, and what not. Nothing pretends."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from shared.contract.words import Confinement


class Level(BaseModel):
    """What was put on, which probes were refused, and which were not, each with the reason. engine: what computes networks."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    engine: str = ""
    put_on: tuple[str, ...]
    holds: tuple[str, ...]
    lacks: Mapping[str, str]

    @property
    def name(self) -> Confinement:
        """full: every probe is refused. none: the kernel refuses nothing, only limits hold. partial: anything between."""
        if not self.lacks:
            return "full"
        return "partial" if {"landlock", "seccomp"} & set(self.put_on) else "none"

    @property
    def words(self) -> str:
        """The level for a log or a page, on one line."""
        lacking = "; ".join(f"{what}: {why}" for what, why in self.lacks.items())
        return f"{self.name} ({', '.join(self.put_on) or 'nothing put on'})" + (f", lacks {lacking}" if lacking else "")
