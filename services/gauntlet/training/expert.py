"""A one-ply expert: weights for the heuristic's terms, learned from which positions were won.

Logistic regression on self-play; each round plays with the best weights so far, and what it learns is kept only if it wins.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from services.gauntlet.games.game import Float64s
from services.gauntlet.games.ringrift.engine import RingRift
from services.gauntlet.players.heuristic import HeuristicPlayer
from services.gauntlet.players.heuristic_features import BALANCED, terms_of
from services.gauntlet.training.positions import win_rate

NOISE = 0.12
RIDGE = 1e-3
NEWTON_STEPS = 15


def learn_expert(game: RingRift, rounds: int, games: int, rng: np.random.Generator) -> tuple[HeuristicPlayer, float]:
    """The best player found, and its mean score against the heuristic's own weights."""
    baseline = HeuristicPlayer()
    best, best_rate = HeuristicPlayer(BALANCED, "expert"), 0.5
    for _ in range(rounds):
        candidate = HeuristicPlayer(_regress(*_sample(game, best, games, rng)), "expert")
        rate = win_rate(game, candidate, baseline, 400, rng)
        if rate > best_rate:
            best, best_rate = candidate, rate
    return best, best_rate


def _sample(game: RingRift, player: HeuristicPlayer, games: int, rng: np.random.Generator) -> tuple[Float64s, Float64s]:
    """Terms of the positions of self-play, from the mover's view, and the mover's final score."""
    states = game.new(rng.integers(0, 2**31, games))
    terms: list[Float64s] = []
    seen: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
    for _ in range(game.max_decisions):
        which = np.flatnonzero(~game.over(states))
        if not len(which):
            break
        movers = game.mover(states)[which].astype(np.int64)
        moves = game.legal_moves(states, which)
        counts = np.diff(moves.offsets)
        chosen = player.choose(game, states, which, moves)
        random = (rng.random(len(which)) * counts).astype(np.int64)
        chosen = np.where(rng.random(len(which)) < NOISE, random, chosen)
        game.apply(states, which, moves.rows[moves.offsets[:-1] + chosen])
        # after the move, as the one-ply player sees it
        alive = ~game.over(states)[which]
        terms.append(terms_of(game.board, states, which[alive], movers[alive]))
        seen.append((which[alive], movers[alive]))
    final = game.scores(states, np.arange(games))
    scores = np.concatenate([final[which, movers] for which, movers in seen])
    return np.concatenate(terms), scores


def _regress(terms: Float64s, scores: Float64s) -> Float64s:
    """Weights of a logistic regression of the score on the terms (Newton's method, ridge)."""
    scale = terms.std(axis=0) + 1e-9
    x = np.column_stack([terms / scale, np.ones(len(terms))])
    weights = np.zeros(x.shape[1])
    penalty = RIDGE * len(x) * np.eye(len(weights))
    for _ in range(NEWTON_STEPS):
        expected = 1 / (1 + np.exp(-np.clip(x @ weights, -30, 30)))
        gradient = x.T @ (scores - expected) - penalty @ weights
        curvature = (x * (expected * (1 - expected))[:, None]).T @ x + penalty
        weights += np.linalg.solve(curvature, gradient)
    learned: Float64s = weights[:-1] / scale
    return learned
