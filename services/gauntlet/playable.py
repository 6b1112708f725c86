"""What an evaluation is played by. Pure."""

from __future__ import annotations

from typing import NamedTuple

from shared.contract.policy import GatePolicy


class Playable(NamedTuple):
    """What is known of every evaluation that was queued: the bytes, the seed of its games, and the policy they are played under."""

    digest: str
    size: int
    seed: int
    gates: GatePolicy
