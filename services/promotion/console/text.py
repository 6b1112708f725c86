"""Figures and moments in words, as the pages show them. Pure; a page never computes anything else itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

NOTHING = "-"
UNITS = ((86400, "d"), (3600, "h"), (60, "min"))


def percent(share: float | None) -> str:
    """A share of 1, to a tenth of a percent."""
    return NOTHING if share is None else f"{share:.1%}"


def number(figure: float | None) -> str:
    """A figure with thousands apart; small ones to a tenth."""
    if figure is None:
        return NOTHING
    return f"{figure:,.0f}" if figure == int(figure) or abs(figure) >= 100 else f"{figure:,.1f}"


def lasting(seconds: float | None) -> str:
    """A time that passes, in its largest unit."""
    if seconds is None:
        return NOTHING
    return next((f"{seconds / size:.0f} {unit}" for size, unit in UNITS if seconds >= size), f"{max(seconds, 0):.0f} s")


def ago(moment: datetime | None) -> str:
    """How long ago a moment was; a minute is the least, so that a page does not change every second."""
    if moment is None:
        return "never"
    seconds = (datetime.now(UTC) - moment).total_seconds()
    return "just now" if seconds < 60 else f"{lasting(seconds)} ago"


def moment(at: datetime | None) -> str:
    """A moment to the second, in UTC."""
    return NOTHING if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def short(digest: str | None) -> str:
    """The first digits of a digest, by which people tell models apart."""
    return NOTHING if digest is None else digest[:12]


def spaced(word: str) -> str:
    """A word of the suite's vocabulary as people read it."""
    return word.replace("_", " ")


def size(count: int | None) -> str:
    """Bytes in the unit that people use for so many."""
    if count is None:
        return NOTHING
    steps = ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))
    return next((f"{count / step:.1f} {unit}" for step, unit in steps if count >= step), f"{count} B")


FILTERS: Mapping[str, Callable[..., str]] = {
    each.__name__: each for each in (percent, number, lasting, ago, moment, short, spaced, size)
}
"""By the names that templates use."""
