"""The players of an evaluation: a checkpoint under its play policy."""

from __future__ import annotations

from play.models.evaluator import Evaluator
from play.players.gumbel import GumbelPlayer
from play.players.network import NetworkPlayer
from play.players.player import Player
from play.players.search import SearchPlayer
from shared.contract.policy import PlayPolicy


def network_player(evaluator: Evaluator, play: PlayPolicy) -> Player:
    """Who plays for a network. ValueError for a policy that cannot be played."""
    if play.mode == "policy":
        return NetworkPlayer(evaluator, play.temperature)
    player = SearchPlayer if play.mode == "search" else GumbelPlayer
    return player(evaluator, play.simulations, play.temperature)
