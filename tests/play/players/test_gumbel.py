"""Planning with Gumbel noise: its rules as the paper has them, and that it plays better than the policy that it begins with."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from play.games.game import Game, Int64s, States
from play.games.registry import get_game
from play.models.network import NetworkEvaluator
from play.players.gumbel import GumbelPlayer
from play.players.halving import completed, considered_visits, gumbel_noise, improved_edges
from play.players.lookahead import Lookahead
from play.players.network import NetworkPlayer
from play.players.player import Player
from tests.kit.noughts import LINES, Boards, Noughts
from tests.play.players.nets import Indifferent, small_network

OFFSETS = np.array([0, 3, 7, 8])


@given(moves=st.integers(1, 16), simulations=st.integers(1, 200))
def test_simulations_are_halved_down_to_two_moves(moves: int, simulations: int) -> None:
    """All are spent; no move falls behind before it is dropped, and those that are left are visited alike."""
    schedule = considered_visits(moves, simulations)
    visits = [0] * moves
    for wanted in schedule:
        visits[max(at for at, each in enumerate(visits) if each == wanted)] += 1
    assert sum(visits) == simulations == len(schedule)
    ordered = sorted(visits, reverse=True)
    if moves > 1:
        assert ordered[0] - ordered[1] <= 1
    assert (min(visits) > 0) == (simulations >= moves)


def test_sixteen_moves_share_thirty_two_simulations_as_the_paper_has_it() -> None:
    """16, 8, 4 and 2 moves are left in the phases, each with a quarter of the simulations."""
    schedule = considered_visits(16, 64)
    assert schedule[:16] == (0,) * 16
    assert schedule[16:32] == (1,) * 8 + (2,) * 8
    assert schedule[32:48] == (3,) * 4 + (4,) * 4 + (5,) * 4 + (6,) * 4
    assert schedule[48:] == tuple(visits for visits in range(7, 15) for _ in range(2))


def test_moves_that_were_not_tried_are_worth_a_mixture() -> None:
    """Of what the position is worth and what was tried, by prior; the position alone where nothing was."""
    worth, prior = np.array([0.4, 0.5, 0.9]), np.array([0.5, 0.3, 0.2, 0.25, 0.25, 0.25, 0.25, 1.0])
    visits, total = np.array([2, 1, 0, 0, 0, 0, 0, 4]), np.array([1.0, 1.0, 0, 0, 0, 0, 0, 1.0])
    found = completed(OFFSETS, worth, prior, visits, total)
    expected = (0.5 * 0.5 + 0.3 * 1.0) / 0.8
    assert found == pytest.approx([0.5, 1.0, (0.4 + 3 * expected) / 4, 0.5, 0.5, 0.5, 0.5, 0.25])


def test_within_the_tree_visits_follow_the_improved_policy() -> None:
    """In the long run each move has its share of them: a deterministic rule in place of chance."""
    first, worth = np.array([0, 3]), np.array([0.5])
    prior, visits, total = np.array([0.5, 0.25, 0.25]), np.zeros(3, np.int64), np.zeros(3)
    for _ in range(400):
        [edge] = improved_edges(np.zeros(1, np.int64), first, worth, prior, visits, total)
        visits[edge] += 1
        total[edge] += 0.5
    assert visits / 400 == pytest.approx(prior, abs=0.01)


def test_noise_is_standard_gumbel_and_a_games_own() -> None:
    """Mean and variance are those of the distribution, and a game's noise does not depend on the games beside it."""
    seeds = np.random.default_rng(0).integers(0, 1 << 60, 500)
    offsets = np.arange(501) * 40
    noise = gumbel_noise(seeds, offsets)
    assert (noise.mean(), noise.var()) == pytest.approx((np.euler_gamma, np.pi**2 / 6), rel=0.02)
    assert gumbel_noise(seeds[7:8], np.array([0, 40])).tolist() == noise[280:320].tolist()
    assert len(np.unique(noise)) == len(noise)


@pytest.mark.parametrize("temperature", [0.0, 1.0, 2.5])
def test_one_simulation_is_the_policy_with_noise(temperature: float) -> None:
    """The move is the argmax of logits and noise, that is, drawn from the policy at this temperature."""
    game = get_game("hex8", 2)
    states, which = game.new(np.arange(64)), np.arange(64)
    network, moves = small_network(game), game.legal_moves(states, which)
    logits = NetworkPlayer(network).weigh(game, states, which, moves).preferences
    drawn = game.copy(states, which)
    high, low = ((game.draws(drawn, which) * (1 << 30)).astype(np.int64) for _ in range(2))
    scores = logits + temperature * gumbel_noise((high << 30) + low, moves.offsets)
    wanted = [int(scores[start:end].argmax()) for start, end in zip(moves.offsets, moves.offsets[1:], strict=False)]
    assert GumbelPlayer(network, 1, temperature).choose(game, states, which, moves).tolist() == wanted


@pytest.mark.parametrize("num_players", [2, 3, 4])
def test_every_simulation_is_a_visit_of_a_root(num_players: int) -> None:
    """Of those moves that are compared, and the position itself is evaluated once more."""
    game = get_game("hex8", num_players)
    states, which = game.new(np.arange(5)), np.arange(5)
    moves = game.legal_moves(states, which)
    trees: list[Lookahead] = []

    class Watched(GumbelPlayer):
        """Keeps its trees."""

        def _scores(self, grown: Lookahead, noise: np.ndarray, offsets: Int64s) -> np.ndarray:
            trees.append(grown)
            return super()._scores(grown, noise, offsets)

    player = Watched(small_network(game), 20, 1.0)
    player.choose(game, states, which, moves)
    visits = trees[-1].forest.visits[: len(moves.rows)]
    assert np.add.reduceat(visits, moves.offsets[:-1]).tolist() == [20] * 5
    assert all(np.count_nonzero(visits[a:b]) == 16 for a, b in zip(moves.offsets, moves.offsets[1:], strict=False))
    assert player.evaluations == 5 * 21


@cache
def truth(cells: bytes) -> float:
    """What a position of noughts and crosses is worth to the first seat, played perfectly."""
    board = np.frombuffer(cells, np.int8)
    for seat, value in ((0, 1.0), (1, 0.0)):
        if (board[LINES] == seat).all(axis=1).any():
            return value
    if (board >= 0).all():
        return 0.5
    mover = int((board >= 0).sum() % 2)
    return (max if mover == 0 else min)(truth(after(board, int(at), mover)) for at in np.flatnonzero(board < 0))


def after(board: np.ndarray, at: int, seat: int) -> bytes:
    """The cells after a move."""
    return np.where(np.arange(9) == at, np.int8(seat), board).astype(np.int8).tobytes()


def positions() -> Boards:
    """Every position with two to six stones in which the choice of move matters."""
    game, found = Noughts(), set()
    layer = {game.new(np.zeros(1, np.int64)).cells[0].tobytes()}
    for stones in range(7):
        boards = [np.frombuffer(cells, np.int8) for cells in layer]
        states = Boards(np.stack(boards), np.zeros(len(boards), np.int64))
        live = [board for board, over in zip(boards, game.over(states), strict=True) if not over]
        following = {
            board.tobytes(): [after(board, int(at), stones % 2) for at in np.flatnonzero(board < 0)] for board in live
        }
        if stones >= 2:
            found |= {cells for cells, then in following.items() if len({truth(each) for each in then}) > 1}
        layer = {each for then in following.values() for each in then}
    cells = np.stack([np.frombuffer(each, np.int8) for each in sorted(found)])
    return Boards(cells, np.arange(len(cells)))


def regret(player: Player, game: Game, states: States) -> float:
    """How much of a game the player's moves give away on the average, against perfect play."""
    which = np.arange(len(states.cells))
    moves, movers = game.legal_moves(states, which), game.mover(states)
    rows = moves.rows[moves.offsets[:-1] + player.choose(game, game.copy(states, which), which, moves)]
    lost = []
    for board, row, mover in zip(states.cells, rows, movers, strict=True):
        now, then = truth(board.tobytes()), truth(after(board, int(row[1]), int(mover)))
        lost.append(now - then if mover == 0 else then - now)
    return float(np.mean(lost))


def test_it_improves_on_its_policy_where_the_truth_is_known() -> None:
    """With a network that knows nothing: in thousands of positions it gives fewer points away, more looking fewer still."""
    game, states = Noughts(), positions()
    assert len(states.cells) > 1000
    network = NetworkEvaluator(Indifferent(game), game)
    policy = regret(NetworkPlayer(network, 1.0), game, states)
    few, more = (regret(GumbelPlayer(network, simulations, 1.0), game, states) for simulations in (8, 64))
    assert few < 0.7 * policy
    assert max(more, regret(GumbelPlayer(network, 64), game, states)) < 0.2 * policy
