"""What a node holds of a configuration, beside what it should hold. Pure: no I/O, no time.

Only what a node said lately of the bytes on its disk counts; whatever is in doubt is unknown, and unknown is never good.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from services.distribution.delivery import Head
from services.distribution.distribution import Standing
from services.distribution.node import KnownNode
from shared.contract.delivery import HoldingState


class Holding(NamedTuple):
    """What a node holds of a configuration; `reason`: why that is not the canonical version, None if it is."""

    state: HoldingState
    version: int | None
    digest: str | None
    reason: str | None
    reported_at: datetime | None
    played: bool | None = None
    reload_error: str | None = None

    @classmethod
    def of(cls, node: KnownNode, head: Head, longest_silence: float) -> Holding:
        """By the node's last report, which counts for so many seconds."""
        held = node.models.get(head.configuration)
        version, digest = (held.version, held.digest) if held else (None, None)
        state, reason = _state(node, head, longest_silence)
        reload = node.reloads.get(head.configuration)
        if reload is None or (reload.version, reload.digest) != (version, digest):
            return cls(state, version, digest, reason, node.reported_at)
        return cls(state, version, digest, reason, node.reported_at, reload.error is None, reload.error)

    def unless(self, standing: Standing, node: str) -> Holding:
        """The same; but a node that still has to prove that it holds the version is not said to."""
        missing = standing.missing.get(node)
        if missing is None or self.state is not HoldingState.OK:
            return self
        return self._replace(state=HoldingState.UNKNOWN, reason=missing)

    @property
    def has_model(self) -> bool:
        """Whether it is the canonical version."""
        return self.state is HoldingState.OK


def holdings(node: KnownNode, heads: Iterable[Head], longest_silence: float) -> Mapping[str, Holding]:
    """What a node holds of each configuration that it is to hold and that has a canonical version."""
    return {
        head.configuration: Holding.of(node, head, longest_silence)
        for head in heads
        if node.is_to_hold(head.configuration)
    }


def _state(node: KnownNode, head: Head, longest_silence: float) -> tuple[HoldingState, str | None]:
    doubt = _doubt(node, longest_silence)
    damage, held = node.damaged.get(head.configuration), node.models.get(head.configuration)
    if doubt is not None:
        return HoldingState.UNKNOWN, doubt
    if damage is not None:
        what = f"has digest {damage.found}, not {damage.digest}" if damage.found else "cannot be read"
        return HoldingState.CORRUPT, f"its file {what}; it is fetched anew"
    if held is None:
        return HoldingState.MISSING, "the node does not hold this model"
    if head.is_in(held):
        return HoldingState.OK, None
    return HoldingState.STALE, f"the node holds version {held.version} ({held.digest})"


def _doubt(node: KnownNode, longest_silence: float) -> str | None:
    """Why the node's last report does not count, None if it does."""
    if node.trouble is not None:
        return node.trouble
    if node.age_seconds is None:
        return "not yet visited"
    if node.age_seconds > longest_silence:
        return f"its last report is {node.age_seconds:.0f} s old"
    return None
