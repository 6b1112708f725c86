"""Self-play positions with what an expert would choose in each, and how each game ended.

Plays only; fits nothing. Games differ in how many of their moves are random (2 to 70 %), because diverse positions teach more
than many alike.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from play.games.game import Float64s, Game, Int64s
from play.players.player import Player

LOWEST_NOISE, HIGHEST_NOISE = 0.02, 0.7


class Positions(NamedTuple):
    """N decisions.

    observations: float16[N, planes, H, W]. chosen: int64[N], the policy index the expert chose. legal: int32[total] and
    offsets: int64[N + 1], the legal policy indices end to end. scores: float32[N, players], relative to the mover.
    """

    observations: NDArray[np.float16]
    chosen: Int64s
    legal: NDArray[np.int32]
    offsets: Int64s
    scores: NDArray[np.float32]


def collect(game: Game, expert: Player, games: int, rng: np.random.Generator) -> Positions:
    """Play `games` games in lockstep and record every decision."""
    states = game.new(rng.integers(0, 2**31, games))
    noise = rng.uniform(LOWEST_NOISE, HIGHEST_NOISE, games)
    steps: list[tuple[Int64s, Int64s, NDArray[np.float16], Int64s, NDArray[np.int32], Int64s]] = []
    for _ in range(game.max_decisions):
        which = np.flatnonzero(~game.over(states))
        if not len(which):
            break
        moves = game.legal_moves(states, which)
        actions = game.actions(states, which, moves)
        best = expert.choose(game, states, which, moves)
        counts = np.diff(moves.offsets)
        observed = game.observe(states, which).astype(np.float16)
        movers = game.mover(states)[which].astype(np.int64)
        steps.append((which, movers, observed, actions[moves.offsets[:-1] + best], actions.astype(np.int32), counts))
        played = np.where(
            rng.random(len(which)) < noise[which], (rng.random(len(which)) * counts).astype(np.int64), best
        )
        game.apply(states, which, moves.rows[moves.offsets[:-1] + played])
    return _assemble(game, game.scores(states, np.arange(games)), steps)


def _assemble(
    game: Game,
    final: Float64s,
    steps: list[tuple[Int64s, Int64s, NDArray[np.float16], Int64s, NDArray[np.int32], Int64s]],
) -> Positions:
    which = np.concatenate([step[0] for step in steps])
    movers = np.concatenate([step[1] for step in steps])
    seats = (movers[:, None] + np.arange(game.num_players)) % game.num_players
    counts = np.concatenate([step[5] for step in steps])
    return Positions(
        observations=np.concatenate([step[2] for step in steps]),
        chosen=np.concatenate([step[3] for step in steps]),
        legal=np.concatenate([step[4] for step in steps]),
        offsets=np.concatenate([[0], np.cumsum(counts)]),
        scores=final[which[:, None], seats].astype(np.float32),
    )
