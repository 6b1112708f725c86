"""The players: legal, strong as far as they claim, and the same whatever is beside a game in its batch."""

from collections.abc import Callable

import numpy as np
import pytest

from play.games.game import Game, States
from play.games.registry import PLAYER_COUNTS, get_game
from play.games.ringrift.heuristic import HeuristicPlayer
from play.models.evaluator import Evaluator
from play.models.network import NetworkEvaluator
from play.players.gumbel import GumbelPlayer
from play.players.network import NetworkPlayer
from play.players.player import Player, PlayerError
from play.players.random import RandomPlayer
from play.players.search import SearchPlayer
from play.training.matches import win_rate
from tests.play.players.nets import BrokenAfter, Indifferent, Masked, small_network

MAKERS: dict[str, Callable[[Game], Player]] = {
    "random": lambda game: RandomPlayer(),
    "heuristic": lambda game: HeuristicPlayer(),
    "network": lambda game: NetworkPlayer(small_network(game)),
    "network, drawn": lambda game: NetworkPlayer(small_network(game), temperature=0.7),
    "search": lambda game: SearchPlayer(small_network(game), 6),
    "search, drawn": lambda game: SearchPlayer(small_network(game), 6, temperature=0.7),
    "gumbel": lambda game: GumbelPlayer(small_network(game), 6),
    "gumbel, drawn": lambda game: GumbelPlayer(small_network(game), 6, temperature=1.0),
}


def positions_of(game: Game, count: int, decisions: int, seed: int = 0) -> States:
    """Games after so many random decisions, none of them over."""
    states = game.new(np.arange(seed, seed + 4 * count))
    for _ in range(decisions):
        live = np.flatnonzero(~game.over(states))
        game.apply(states, live, game.random_rows(states, live))
    return game.copy(states, np.flatnonzero(~game.over(states))[:count])


@pytest.mark.parametrize(
    ("board_type", "num_players", "games", "least"),
    [
        ("hex8", 2, 60, 0.8),
        ("hex8", 3, 60, 0.6),
        ("hex8", 4, 60, 0.6),
        ("square8", 2, 60, 0.8),
        ("square8", 3, 60, 0.6),
        ("square8", 4, 60, 0.6),
        ("square19", 2, 4, 0.75),
        ("hexagonal", 2, 4, 0.75),
    ],
)
def test_the_heuristic_beats_random(board_type: str, num_players: int, games: int, least: float) -> None:
    """On every board its mean score is far above parity (0.5)."""
    game = get_game(board_type, num_players)
    assert win_rate(game, HeuristicPlayer(), RandomPlayer(), games, np.random.default_rng(5)) >= least


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize(("board_type", "num_players"), [("hex8", 2), ("square8", 3), ("hex8", 4)])
def test_choices_are_legal_from_start_to_end(name: str, board_type: str, num_players: int) -> None:
    """Every choice names one of the game's legal moves, in every decision of whole games."""
    game = get_game(board_type, num_players)
    player = MAKERS[name](game)
    states = game.new(np.arange(4))
    for _ in range(game.max_decisions):
        which = np.flatnonzero(~game.over(states))
        if not len(which):
            break
        moves = game.legal_moves(states, which)
        chosen = player.choose(game, states, which, moves)
        assert chosen.shape == which.shape
        assert ((chosen >= 0) & (chosen < np.diff(moves.offsets))).all()
        game.apply(states, which, moves.rows[moves.offsets[:-1] + chosen])
    assert game.over(states).all()


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("decisions", [0, 15, 40])
def test_g08_a_choice_does_not_depend_on_its_batch(name: str, decisions: int) -> None:
    """A game alone, and the same game among others in another order, get the same move."""
    game = get_game("hex8", 2)
    player = MAKERS[name](game)
    states = positions_of(game, 24, decisions)
    order = np.random.default_rng(1).permutation(24)
    together = game.copy(states, np.arange(24))
    chosen = np.empty(24, np.int64)
    chosen[order] = player.choose(game, together, order, game.legal_moves(together, order))
    for index in range(24):
        alone, first = game.copy(states, np.array([index])), np.zeros(1, np.int64)
        assert player.choose(game, alone, first, game.legal_moves(alone, first)).tolist() == [chosen[index]]


@pytest.mark.parametrize("name", MAKERS)
def test_g08_a_choice_is_repeatable_and_changes_no_position(name: str) -> None:
    """The same position and counter give the same move, and nothing but the counter changes."""
    game = get_game("hex8", 3)
    player = MAKERS[name](game)
    states = positions_of(game, 12, 20)
    which = np.arange(12)
    chosen = []
    for _ in range(2):
        again = game.copy(states, which)
        observed, rows = game.observe(again, which), game.legal_moves(again, which).rows
        chosen.append(player.choose(game, again, which, game.legal_moves(again, which)).tolist())
        np.testing.assert_array_equal(game.observe(again, which), observed)
        np.testing.assert_array_equal(game.legal_moves(again, which).rows, rows)
    assert chosen[0] == chosen[1]


@pytest.mark.parametrize("num_players", PLAYER_COUNTS)
@pytest.mark.parametrize("make", [SearchPlayer, GumbelPlayer])
def test_search_finds_a_win_in_one(make: Callable[[Evaluator, int], Player], num_players: int) -> None:
    """Where one move wins at once, a search with a network that knows nothing plays a winning move."""
    game = get_game("hex8", num_players)
    states, winning = wins_in_one(game)
    assert len(winning) >= 5
    which = np.arange(len(winning))
    moves = game.legal_moves(states, which)
    chosen = make(NetworkEvaluator(Indifferent(game), game), 300).choose(game, states, which, moves)
    assert all(place in places for place, places in zip(chosen.tolist(), winning, strict=True))


def wins_in_one(game: Game) -> tuple[States, list[list[int]]]:
    """Positions of random games in which some but not all moves win at once for the mover, and the places of those."""
    states = game.new(np.arange(300))
    before = game.copy(states, np.arange(300))
    winning: list[list[int]] = []
    for _ in range(game.max_decisions):
        live = np.flatnonzero(~game.over(states))
        if not len(live):
            break
        movers = game.mover(states)
        held = game.copy(states, np.arange(300))
        game.apply(states, live, game.random_rows(states, live))
        ended = live[game.over(states)[live]]
        for index in ended[game.scores(states, ended)[np.arange(len(ended)), movers[ended]] == 1.0]:
            places = winning_places(game, held, int(index))
            if 0 < len(places[0]) < places[1]:
                put_game(before, held, len(winning), int(index))
                winning.append(places[0])
    return game.copy(before, np.arange(len(winning))), winning


def put_game(target: States, source: States, place: int, index: int) -> None:
    """Copy one game of a batch over one game of another."""
    for into, taken in zip(target, source, strict=True):
        into[place] = taken[index]


def winning_places(game: Game, states: States, index: int) -> tuple[list[int], int]:
    """The places of one game's moves that win at once, and how many moves there are."""
    rows = game.legal_moves(states, np.array([index])).rows
    tried = game.copy(states, np.full(len(rows), index))
    seat = int(game.mover(states)[index])
    game.apply(tried, np.arange(len(rows)), rows)
    over, scores = game.over(tried), game.scores(tried, np.arange(len(rows)))
    return np.flatnonzero(over & (scores[:, seat] == 1.0)).tolist(), len(rows)


def test_search_is_stronger_than_its_policy() -> None:
    """With a network that knows nothing, looking ahead to the ends of games is worth something."""
    game = get_game("square8", 2)
    network = NetworkEvaluator(Indifferent(game), game)
    rate = win_rate(game, SearchPlayer(network, 120), NetworkPlayer(network), 20, np.random.default_rng(4), 30)
    assert rate > 0.6


def test_search_evaluates_once_for_each_simulation() -> None:
    """Evaluations are counted: the position itself and one for each simulation that does not end the game."""
    game = get_game("hex8", 2)
    player = SearchPlayer(small_network(game), 10)
    states = game.new(np.arange(5))
    which = np.arange(5)
    player.choose(game, states, which, game.legal_moves(states, which))
    assert player.evaluations == 5 * 11


def test_a_search_of_nothing_is_refused() -> None:
    """Less than one simulation is an error where the player is made."""
    with pytest.raises(ValueError, match="at least 1"):
        SearchPlayer(small_network(get_game("hex8", 2)), 0)


@pytest.mark.parametrize("calls", [0, 3])
def test_g07_a_failing_network_has_no_move(calls: int) -> None:
    """Neither player invents a move: the games whose output is broken are named, by their index in the batch."""
    game = get_game("hex8", 2)
    states = game.new(np.arange(6))
    which = np.array([4, 1, 3, 5])
    moves = game.legal_moves(states, which)
    players: list[Player] = [SearchPlayer(NetworkEvaluator(BrokenAfter(game, calls), game), 8)]
    if not calls:
        players.append(NetworkPlayer(NetworkEvaluator(BrokenAfter(game, 0), game)))
    for player in players:
        with pytest.raises(PlayerError, match="not finite") as failed:
            player.choose(game, states, which, moves)
        assert failed.value.indices.tolist() == [5]


@pytest.mark.parametrize("make", [NetworkPlayer, lambda evaluator: SearchPlayer(evaluator, 4)])
def test_g07_an_exception_is_no_move(make: Callable[[Evaluator], Player]) -> None:
    """A network that raises, or gives the wrong shape, has no move in any of the games."""
    game = get_game("hex8", 2)
    states = game.new(np.arange(3))
    which = np.arange(3)
    for network in (BrokenAfter(game, 0, raises=True), Indifferent(get_game("square8", 2))):
        with pytest.raises(PlayerError, match="the network (failed|gave)") as failed:
            make(NetworkEvaluator(network, game)).choose(game, states, which, game.legal_moves(states, which))
        assert failed.value.indices.tolist() == [0, 1, 2]


def test_only_what_is_asked_about_must_be_finite() -> None:
    """A network may say anything of moves that nobody can make, such as minus infinity."""
    game = get_game("hex8", 2)
    states, which = game.new(np.arange(6)), np.arange(6)
    moves = game.legal_moves(states, which)
    masked = NetworkEvaluator(Masked(game, game.actions(states, which, moves)), game)
    wanted = NetworkPlayer(NetworkEvaluator(Indifferent(game), game)).choose(game, states, which, moves)
    assert NetworkPlayer(masked).choose(game, states, which, moves).tolist() == wanted.tolist()
