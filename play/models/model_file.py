"""A model file, as those who hand it to a worker describe it. Imports no network library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

MOST_BYTES = 2 * 1024**3
"""How large a file may be, packed and unpacked, unless its reader says otherwise."""


@dataclass(frozen=True, kw_only=True)
class ModelFile:
    """Where a model file lies, what people call it, and what was announced of it beside its configuration."""

    path: Path
    name: str = ""
    architecture: str | None = None
    parameters: Mapping[str, int] | None = None
    most_bytes: int = MOST_BYTES

    @property
    def title(self) -> str:
        """What messages call it."""
        return self.name or str(self.path)
