"""Waves: a version goes to some nodes first, is looked at for a while, and then to more. Pure: no I/O, no time, no randomness.

Which node belongs to which wave follows from its labels, its name and the version's digest, so that everybody who computes it finds
the same, and it is not always the same nodes that go first.

running -> running   the next wave: every node of this one that answers holds the version, and has for the soak time
running -> paused    something is wrong, or somebody wants it; nothing more is ordered
paused  -> running   by a person; also `advance`, which does not wait for the soak time
any     -> aborted   by a person; nodes keep what they have, until the next version or `resume`
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from services.distribution.distribution import Standing
from services.distribution.node import KnownNode
from shared.contract.delivery import RolloutState

MOST_WAVES = 20


def shares_of(text: str) -> tuple[float, ...]:
    """Shares as people write them, in percent: `5,25,100`. ValueError if they are no numbers."""
    return tuple(float(part.strip().rstrip("%")) / 100 for part in text.split(","))


@dataclass(frozen=True)
class WavePlan:
    """`shares`: of the nodes that have the version at most after each wave, ascending to 1; `soak_seconds`: between a wave that is
    complete and the next; `canaries`: the label of the nodes that go before all others, as name and value;
    `rolls_back`: whether a version that something is wrong with is to be rolled back."""

    shares: tuple[float, ...] = (1.0,)
    soak_seconds: float = 0.0
    canaries: tuple[str, str] | None = None
    rolls_back: bool = False

    @property
    def waves(self) -> int:
        """How many there are."""
        return len(self.shares) + (self.canaries is not None)

    def members(self, nodes: Sequence[KnownNode], digest: str, wave: int) -> frozenset[str]:
        """The nodes that may have the version in that wave, counted from 1; `nodes`: all that are to hold it."""
        if wave >= self.waves:
            return frozenset(node.name for node in nodes)
        first = [node for node in nodes if self._is_canary(node)]
        others = sorted((node for node in nodes if not self._is_canary(node)), key=lambda node: _place(digest, node))
        ordered = [node.name for node in (*first, *others)]
        share = self.shares[wave - 1 - (self.canaries is not None)] if wave > 1 or self.canaries is None else 0.0
        return frozenset(ordered[: max(math.ceil(share * len(ordered)), len(first), 1)])

    def _is_canary(self, node: KnownNode) -> bool:
        return self.canaries is not None and node.labels.get(self.canaries[0]) == self.canaries[1]


def _place(digest: str, node: KnownNode) -> str:
    return hashlib.sha256(f"{digest} {node.name}".encode()).hexdigest()


@dataclass(frozen=True)
class Rollout:
    """How far the waves of one version are. `reason` and `by`: of its state; `soaked`: seconds since the wave was complete, None
    while it is not."""

    wave: int = 1
    state: RolloutState = RolloutState.RUNNING
    reason: str | None = None
    by: str | None = None
    soaked: float | None = None

    def is_for_all(self, plan: WavePlan) -> bool:
        """Whether every node may have the version."""
        return self.state is RolloutState.RUNNING and self.wave >= plan.waves

    def seen(self, plan: WavePlan, standing: Standing, faults: Mapping[str, str]) -> Rollout:
        """Moved by what the nodes of the wave say. `standing`: of those that answer; `faults`: what is wrong, by whose word."""
        if self.state is not RolloutState.RUNNING or self.wave >= plan.waves:
            return self
        if faults:
            name, fault = next(iter(sorted(faults.items())))
            return replace(self, state=RolloutState.PAUSED, reason=f"{name}: {fault}", by=None, soaked=None)
        if not standing.is_complete:
            return replace(self, soaked=None)
        if self.soaked is None:
            return replace(self, soaked=0.0) if plan.soak_seconds else self._following()
        return self._following() if self.soaked >= plan.soak_seconds else self

    def is_paused_since(self, before: Rollout) -> bool:
        """Whether something was found wrong that was not before."""
        return (self.state, before.state, self.by) == (RolloutState.PAUSED, RolloutState.RUNNING, None)

    def paused(self, reason: str, by: str) -> Rollout:
        """Moved by a person."""
        return replace(self, state=RolloutState.PAUSED, reason=reason, by=by, soaked=None)

    def resumed(self, reason: str, by: str) -> Rollout:
        """Moved by a person; the soak time begins anew."""
        return replace(self, state=RolloutState.RUNNING, reason=reason, by=by, soaked=None)

    def aborted(self, reason: str, by: str) -> Rollout:
        """Moved by a person."""
        return replace(self, state=RolloutState.ABORTED, reason=reason, by=by, soaked=None)

    def advanced(self, plan: WavePlan, reason: str, by: str) -> Rollout:
        """Moved by a person, whatever the nodes of this wave say."""
        wave = min(self.wave + 1, plan.waves)
        return Rollout(wave, RolloutState.RUNNING, reason, by)

    def _following(self) -> Rollout:
        return Rollout(self.wave + 1, reason=self.reason, by=self.by)


def answering(nodes: Iterable[KnownNode], members: frozenset[str]) -> list[KnownNode]:
    """The nodes of a wave that count for its end: one that cannot be reached holds nobody up, and gets it when it is back."""
    return [node for node in nodes if node.name in members and node.trouble is None]


def reload_faults(nodes: Iterable[KnownNode], configuration: str, digest: str) -> dict[str, str]:
    """Why whoever plays did not take the version up, by node."""
    found = ((node.name, node.reloads.get(configuration)) for node in nodes)
    return {
        name: f"the reload failed: {reload.error}"
        for name, reload in found
        if reload is not None and reload.digest == digest and reload.error is not None
    }


def withheld(rollout: Rollout, plan: WavePlan, nodes: Sequence[KnownNode], digest: str) -> dict[str, str]:
    """The nodes that may not be ordered to hold the version now, each with the reason."""
    waits = f"waits for wave {rollout.wave + 1} of {plan.waves}"
    members = plan.members(nodes, digest, rollout.wave)
    if rollout.state is not RolloutState.RUNNING:
        members, waits = frozenset(), f"{rollout.state}: {rollout.reason}"
    return {node.name: waits for node in nodes if node.name not in members}
