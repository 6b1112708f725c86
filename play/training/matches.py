"""Matches between two players, as the trainer measures strength: played by the arena, judged by nobody."""

from __future__ import annotations

import numpy as np

from play.arena import Arena
from play.games.game import Game
from play.players.player import Player
from play.schedule import PlannedGame
from shared.contract.gate import units_per_game

LANES = 512


def win_rate(
    game: Game, player: Player, opponent: Player, games: int, rng: np.random.Generator, opening: int = 4
) -> float:
    """Mean score of `player` over `games` games, each opening from every seat in turn. A game without a score counts as parity."""
    seats = game.num_players
    openings = rng.integers(0, 2**31, -(-games // seats))
    planned = [
        PlannedGame("random", index, int(seed), int(openings[index // seats]), index % seats)
        for index, seed in enumerate(rng.integers(0, 2**31, games))
    ]
    played = [each for ended in Arena(game, player, opponent, planned, opening).play(LANES) for each in ended]
    whole = units_per_game(seats)
    return sum(whole / 2 if each.units is None else each.units for each in played) / (whole * len(played))
