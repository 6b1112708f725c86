"""How an application is told which errors say that something is away which it depends on. It knows of no database itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class Outages(NamedTuple):
    """How errors say that what the process depends on is away: their kinds, and the reason in words, None for others."""

    kinds: tuple[type[Exception], ...] = ()
    reason: Callable[[BaseException], str | None] = lambda _: None


NONE = Outages()
"""A process that depends on nothing."""
