"""The games of an evaluation, planned before the first one is played: a pure function of the evaluation's seed.

A block is k games, k the number of seats: the same opening, with the candidate once in every seat (statistics.md,
Schedule). Nothing here plays, and nothing depends on how earlier games went.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Self

from play.players.registry import stream_of
from play.record import PlayedGame
from shared.contract.words import OpponentName

_MASK = (1 << 63) - 1
_STREAM_BITS = 32


@dataclass(frozen=True, slots=True)
class PlannedGame:
    """One game to be played. seat: the candidate's, 0-based. Seeds are 63-bit and unique within the evaluation."""

    opponent: OpponentName
    index: int
    seed: int
    opening_seed: int
    seat: int

    @classmethod
    def of(cls, played: PlayedGame) -> Self:
        """The plan that a recorded game says it followed."""
        return cls(played.opponent, played.index, played.seed, played.opening_seed, played.seat)


def plan_games(
    evaluation_seed: int, opponent: OpponentName, games: int, num_players: int, first: int = 0
) -> list[PlannedGame]:
    """The schedule against one opponent: `games` rounded up to whole blocks of `num_players` games, from the one at `first` on."""
    if games < 0 or num_players < 2:
        raise ValueError(f"{games} games with {num_players} seats: expected at least 0 games and 2 seats")
    base = _base(evaluation_seed)
    blocks = -(-games // num_players)
    game_stream = 2 * stream_of(opponent)
    return [
        PlannedGame(
            opponent,
            index,
            seed=_scatter(base + (game_stream << _STREAM_BITS) + index),
            opening_seed=_scatter(base + (game_stream + 1 << _STREAM_BITS) + index // num_players),
            seat=index % num_players,
        )
        for index in range(first, blocks * num_players)
    ]


def _base(evaluation_seed: int) -> int:
    """Where the counters of an evaluation begin; SHA-256, so that neighbouring seeds share no games."""
    return int.from_bytes(hashlib.sha256(str(evaluation_seed).encode()).digest()[:8], "big") & _MASK


def _scatter(counter: int) -> int:
    """A bijection of 63-bit numbers (multiply-xorshift rounds, constants of splitmix64): different counters of one
    evaluation can never give the same seed."""
    mixed = counter & _MASK
    for factor in (0xBF58476D1CE4E5B9, 0x94D049BB133111EB):
        mixed = ((mixed ^ (mixed >> 30)) * factor) & _MASK
    return mixed ^ (mixed >> 31)
