"""What a gauntlet costs: one heuristic move, and whole games of the demo model against each opponent."""

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from rich.table import Table

from play.arena import Arena
from play.games.game import Game
from play.games.registry import get_game
from play.games.ringrift.heuristic import HeuristicPlayer
from play.models.formats.checkpoint import load_checkpoint
from play.models.network import NetworkEvaluator
from play.players.network import NetworkPlayer
from play.players.player import Player
from play.players.random import RandomPlayer
from play.players.search import SearchPlayer
from play.record import PlayedGame
from play.schedule import plan_games
from shared.contract.words import OpponentName
from tests.benchmarks.forward_clock import ForwardClock

DEMO = Path(__file__).resolve().parents[2] / "models" / "demo"
LANES, OPENING_PLIES = 32, 4
CASES: tuple[tuple[str, OpponentName, int], ...] = (
    ("random", "random", 0),
    ("heuristic", "heuristic", 0),
    ("previous", "previous", 0),
    ("search 32 v random", "random", 32),
)
"""Label, opponent, and simulations of the candidate's search."""
PUBLIC = {"random": "0.6-2", "heuristic": "5", "search 32 v random": "20"}
"""CPU-seconds per game of a public engine of this game: policy-only v Random, its heuristic, a search of 32 simulations."""


def play(game: Game, candidate: Player, opponent: Player, name: OpponentName, games: int) -> list[PlayedGame]:
    """Planned games, all of them, with as many lanes as the service has."""
    planned = plan_games(1, name, games, game.num_players)
    return [each for ended in Arena(game, candidate, opponent, planned, OPENING_PLIES).play(LANES) for each in ended]


def heuristic_move(quick: bool) -> Table:
    """Heuristic v Random on every board: the processor time of one heuristic move, and how often it wins."""
    table = Table(
        "board", "players", "games", "ms/heuristic move", "CPU-s/game", "win rate", title="Heuristic v Random"
    )
    for board, games in (("hex8", 100), ("square8", 100), ("square19", 30), ("hexagonal", 16)):
        game = get_game(board, 2)
        play(game, HeuristicPlayer(), RandomPlayer(), "random", 2)
        started = time.process_time()
        played = play(game, HeuristicPlayer(), RandomPlayer(), "random", max(games // 5, 2) if quick else games)
        seconds = time.process_time() - started
        moves = sum(each.decisions for each in played) / game.num_players
        table.add_row(
            board, "2", str(len(played)), f"{1000 * seconds / moves:.3f}", f"{seconds / len(played):.4f}", f"{rate(played):.1%}",
        )  # fmt: skip
    return table


def gauntlet(quick: bool) -> Table:
    """The trained demo model against each opponent: 50 games each, none saved by early stopping."""
    torch.set_num_threads(1)
    game = get_game("hex8", 2)
    games = 10 if quick else 50
    table = Table(
        "opponent", "games", "CPU-s", "CPU-s/game", "in forward passes", "win rate", "public engine, CPU-s/game",
        title=f"Gauntlet of hex8, 2 players, {LANES} lanes",
    )  # fmt: skip
    total = forward = 0.0
    for label, name, simulations in CASES:
        clock = ForwardClock(time.process_time)
        candidate, opponent = _players(game, name, simulations, clock)
        started = time.process_time()
        played = play(game, candidate, opponent, name, games)
        seconds = time.process_time() - started
        if simulations == 0:
            total, forward = total + seconds, forward + clock.seconds
        table.add_row(
            label, str(len(played)), f"{seconds:.2f}", f"{seconds / len(played):.4f}", f"{clock.seconds / seconds:.0%}",
            f"{rate(played):.1%}", PUBLIC.get(label, ""),
        )  # fmt: skip
    table.add_row(
        "whole gauntlet, policy only",
        str(3 * games),
        f"{total:.2f}",
        f"{total / (3 * games):.4f}",
        f"{forward / total:.0%}",
        "",
        "",
    )
    return table


def _players(game: Game, opponent: str, simulations: int, clock: ForwardClock) -> tuple[Player, Player]:
    networks = [load_checkpoint(DEMO / f"hex8_2p_{each}.pth", game).network for each in ("successor", "trained")]
    for network in networks:
        clock.watch(network)
    own, other = (NetworkEvaluator(network, game) for network in networks)
    candidate = SearchPlayer(own, simulations) if simulations else NetworkPlayer(own)
    others: dict[str, Player] = {
        "random": RandomPlayer(), "heuristic": HeuristicPlayer(), "previous": NetworkPlayer(other),
    }  # fmt: skip
    warm_up = np.zeros(1, np.int64)
    states = game.new(warm_up)
    candidate.choose(game, states, warm_up, game.legal_moves(states, warm_up))
    return candidate, others[opponent]


def rate(played: Sequence[PlayedGame]) -> float:
    """The candidate's win rate, two players."""
    return sum(each.units or 0 for each in played) / (2 * len(played))
