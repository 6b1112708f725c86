"""What a check says: what it found, on what evidence, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["fine", "note", "trouble"]
"""`note`: worth knowing, and as somebody wanted it; `trouble`: somebody has to do something."""


@dataclass(frozen=True)
class Finding:
    """One of a check. `evidence`: what the services said, a line each; `remedy`: what to do, None where nothing is."""

    check: str
    level: Level
    text: str
    evidence: tuple[str, ...] = ()
    remedy: str | None = None
