"""A one-ply expert: weights for the heuristic's terms, found by playing against the heuristic's own.

The cross-entropy method (Rubinstein, 1999): draw weights around the present ones, let each play a short match, move towards
the winners, and narrow the spread to theirs. Weights are searched by their logarithm, so none changes its sign.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from play.games.game import Game
from play.games.ringrift.heuristic import HeuristicPlayer
from play.games.ringrift.heuristic_codes import BALANCED
from play.training.matches import win_rate

POPULATION, ELITE, MATCH_GAMES, FINAL_GAMES = 24, 6, 100, 400
FIRST_SPREAD, INERTIA = 0.8, 0.5


def learn_expert(
    game: Game, rounds: int, rng: np.random.Generator, progress: Callable[[int, float], None]
) -> tuple[HeuristicPlayer, float]:
    """The player found after `rounds`, and its mean score against the heuristic over fresh games."""
    baseline = HeuristicPlayer()
    centre, spread = np.log(BALANCED), np.full(len(BALANCED), FIRST_SPREAD)
    for done in range(rounds):
        drawn = centre + spread * rng.standard_normal((POPULATION, len(centre)))
        rates = [win_rate(game, HeuristicPlayer(np.exp(each)), baseline, MATCH_GAMES, rng) for each in drawn]
        elite = drawn[np.argsort(rates)[-ELITE:]]
        centre = elite.mean(axis=0)
        spread = INERTIA * spread + (1 - INERTIA) * elite.std(axis=0)
        progress(done + 1, max(rates))
    expert = HeuristicPlayer(np.exp(centre), "expert")
    return expert, win_rate(game, expert, baseline, FINAL_GAMES, rng)
