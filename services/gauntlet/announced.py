"""What was announced of a model file beside its configuration. Reads no file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Announced(NamedTuple):
    """The network of a model file that does not say it itself; None where nobody said it."""

    architecture: str | None = None
    parameters: Mapping[str, int] | None = None


NOTHING_ANNOUNCED = Announced()
