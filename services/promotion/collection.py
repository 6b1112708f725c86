"""Which models may go: what nobody needs and has lain long enough. Pure; what is needed, and what is there, come in.

Whatever is needed has its reason in words. Models go in two steps: condemned first, and deleted when nobody has asked for them for
a while; whoever asks for one before gets it back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from shared.storage.artifacts import StoredArtifact

DAY = 86_400.0


@dataclass(frozen=True)
class CollectionRules:
    """`days`: for how long a model that nobody needs is kept before it is condemned, 0 for ever; `grace_days`: and then."""

    days: float = 0.0
    grace_days: float = 7.0


class Listed(NamedTuple):
    """A model that is kept; `needed_for`: why it stays, None if it may go in time."""

    artifact: StoredArtifact
    needed_for: str | None


class Collected(NamedTuple):
    """What a collection condemns, deletes for good, and brings back because it is needed after all."""

    condemned: list[StoredArtifact]
    deleted: list[StoredArtifact]
    restored: list[StoredArtifact]


def listed(kept: Iterable[StoredArtifact], needed: Mapping[str, str]) -> Iterator[Listed]:
    """What is kept, by digest."""
    for each in sorted(kept):
        yield Listed(each, needed.get(each.digest))


def plan(
    kept: Iterable[StoredArtifact], condemned: Iterable[StoredArtifact], needed: Mapping[str, str], rules: CollectionRules,
    now: float,
) -> Collected:  # fmt: skip
    """What a collection does now, by digest; `now`: seconds since 1970."""
    waiting = sorted(condemned)
    old = now - rules.grace_days * DAY
    restored = [each for each in waiting if each.digest in needed]
    deleted = [each for each in waiting if each.digest not in needed and each.at <= old]
    if rules.days == 0:
        return Collected([], deleted, restored)
    stale = now - rules.days * DAY
    going = [each for each in sorted(kept) if each.digest not in needed and each.at <= stale]
    return Collected(going, deleted, restored)
