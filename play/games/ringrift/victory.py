"""The end of a game: real actions and last-player-standing (section 14), victory, ladder and ranking (section 15)."""

import numpy as np
from numpy.typing import NDArray

from play.games.ringrift.boards import Board
from play.games.ringrift.codes import (
    GAME_OVER,
    LAST_ACTOR,
    LPS_FIRST,
    LPS_MASK,
    LPS_SEAT,
    LPS_SEEN,
    LPS_STREAK,
    MOVER,
    PHASE,
    WINNER,
)
from play.games.ringrift.jit import inner_kernel, leaf_kernel
from play.games.ringrift.mobility import ANY, any_mobile
from play.games.ringrift.moves import any_placement
from play.games.ringrift.state import State, has_rings


@inner_kernel
def finish(game: State, winner: int) -> None:
    """End the game in favour of a seat."""
    game.turn[WINNER] = winner
    game.turn[MOVER] = winner
    game.turn[PHASE] = GAME_OVER


@inner_kernel
def real_action(board: Board, game: State, seat: int) -> bool:
    """Whether a seat could place, move or capture if it were its turn (14.1)."""
    return any_mobile(board, game, seat, ANY) or any_placement(board, game, seat)


@inner_kernel
def judge_cycle(board: Board, game: State) -> None:
    """A full cycle is done: extend, start or end the streak of the only seat with real actions (14.2)."""
    turn = game.turn
    actor, actors = -1, 0
    for seat in range(board.rules.num_players):
        if has_rings(game, seat) and turn[LPS_MASK] >> seat & 1:
            actor = seat
            actors += 1
    if actors != 1:
        turn[LPS_SEAT] = -1
        turn[LPS_STREAK] = 0
    elif actor == turn[LPS_SEAT]:
        turn[LPS_STREAK] += 1
    else:
        turn[LPS_SEAT] = actor
        turn[LPS_STREAK] = 1


@inner_kernel
def record_turn_start(board: Board, game: State, seat: int) -> None:
    """Note at the start of a turn whether its seat has a real action (14.2, lps_turn_start)."""
    turn = game.turn
    if turn[LPS_FIRST] < 0 or not has_rings(game, int(turn[LPS_FIRST])):
        turn[LPS_FIRST] = seat
        turn[LPS_SEEN] = 0
        turn[LPS_MASK] = 0
        if turn[LPS_SEAT] < 0 or not has_rings(game, int(turn[LPS_SEAT])):
            turn[LPS_SEAT] = -1
            turn[LPS_STREAK] = 0
    elif turn[LPS_FIRST] == seat and turn[LPS_SEEN] != 0:
        judge_cycle(board, game)
        turn[LPS_SEEN] = 0
        turn[LPS_MASK] = 0
    turn[LPS_SEEN] |= 1 << seat
    turn[LPS_MASK] &= ~(1 << seat)
    if real_action(board, game, seat):
        turn[LPS_MASK] |= 1 << seat


@inner_kernel
def try_last_standing(board: Board, game: State, seat: int) -> None:
    """Grant the win of the last player standing at the start of its turn (14.2, lps_try_win)."""
    turn = game.turn
    if turn[LPS_STREAK] < board.rules.lps_rounds or turn[LPS_SEAT] != seat:
        return
    if not real_action(board, game, seat):
        return
    for other in range(board.rules.num_players):
        if other != seat and has_rings(game, other) and real_action(board, game, other):
            return
    finish(game, seat)


@leaf_kernel
def above_targets(board: Board, game: State) -> int:
    """The seat that wins by eliminated rings, else by territory; -1 (15.1, rules 1 and 2)."""
    seats = board.rules.num_players
    for seat in range(seats):
        if game.credit[seat] >= board.rules.ring_target:
            return seat
    total = 0
    for seat in range(seats):
        total += int(game.territory[seat])
    for seat in range(seats):
        own = int(game.territory[seat])
        if own >= board.rules.territory_minimum and own > total - own:
            return seat
    return -1


@leaf_kernel
def sole_survivor(board: Board, game: State) -> int:
    """The only seat that controls stacks, if no other seat has a ring anywhere; else -1 (15.1, rule 3)."""
    survivor = -1
    for seat in range(board.rules.num_players):
        if game.stacks[seat] > 0:
            if survivor >= 0:
                return -1
            survivor = seat
    for seat in range(board.rules.num_players):
        if survivor >= 0 and seat != survivor and has_rings(game, seat):
            return -1
    return survivor


@inner_kernel
def ladder(board: Board, game: State, with_hand: bool) -> int:
    """The winner of a bare board: territory, credits, markers, last actor, lowest seat (15.2)."""
    best = 0
    for seat in range(1, board.rules.num_players):
        ahead = int(game.territory[seat] - game.territory[best])
        if ahead == 0:
            ahead = int(game.credit[seat] - game.credit[best])
            if with_hand:
                ahead += int(game.hand[seat] - game.hand[best])
        if ahead == 0:
            ahead = int(game.markers[seat] - game.markers[best])
        if ahead > 0 or (ahead == 0 and game.turn[LAST_ACTOR] == seat):
            best = seat
    return best


@inner_kernel
def bare_board_winner(board: Board, game: State) -> int:
    """The ladder's winner if no stack stands and nobody can place; else -1 (15.1, rule 4)."""
    hands = 0
    for seat in range(board.rules.num_players):
        hands += int(game.hand[seat])
        if game.stacks[seat] > 0 or any_placement(board, game, seat):
            return -1
    return ladder(board, game, hands > 0)


@leaf_kernel
def check_victory(board: Board, game: State) -> None:
    """End the game if a condition of 15.1 holds; the first one that does decides."""
    winner = above_targets(board, game)
    if winner < 0:
        winner = sole_survivor(board, game)
    if winner < 0:
        stacks = 0
        for seat in range(board.rules.num_players):
            stacks += int(game.stacks[seat])
        if stacks == 0:
            winner = bare_board_winner(board, game)
    if winner >= 0:
        finish(game, winner)


def rank_keys(game: State, with_hand: bool) -> list[tuple[int, ...]]:
    """What ranks each seat of one game, higher is better: won, territory, credits, markers, out later or never (15.5)."""
    never = np.iinfo(np.int64).max
    keys: list[tuple[int, ...]] = []
    for seat in range(len(game.hand)):
        credit = int(game.credit[seat]) + (int(game.hand[seat]) if with_hand else 0)
        out = int(game.out_at[seat]) or never
        won = int(game.turn[WINNER] == seat)
        keys.append((won, int(game.territory[seat]), credit, int(game.markers[seat]), out))
    return keys


def rank_scores(game: State) -> NDArray[np.float64]:
    """float64[n]: the share of opponents each seat outranks, ties half (15.5). A bare board with hands counts them."""
    bare = not game.stacks.any()
    keys = rank_keys(game, bool(bare and game.hand.any()))
    rivals = len(keys) - 1
    return np.array([sum((key > other) + (key == other) / 2 for other in keys) - 0.5 for key in keys]) / rivals
