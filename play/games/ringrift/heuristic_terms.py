"""What the heuristic sees in a position (ringrift-rules.md, section 23.3): one number a term, from one seat's view.

The position is worth the weighted sum of the terms. `neighbours` are the movement neighbours of the real board, also on hex8.
"Best opponent" terms compare with the single strongest opponent, "average" terms with all of them together over n - 1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from play.games.ringrift.boards import Board
from play.games.ringrift.codes import MARKER, STACK
from play.games.ringrift.heuristic_codes import (
    CAPS,
    CENTRE,
    CLOSURE,
    CONNECTIVITY,
    CREDIT,
    DIVERSITY,
    FORCED_RISK,
    HAND,
    HEIGHT,
    LEADERS,
    LINE_POTENTIAL,
    LPS_ADVANTAGE,
    MARKERS,
    MOBILITY,
    NUM_SUMS,
    NUM_TERMS,
    NUM_VALUES,
    OPPONENT_PROXIMITY,
    PROXIMITY,
    RECOVERY,
    S_ACTIONS,
    S_CAPS,
    S_CENTRE,
    S_CLOSURE,
    S_CONNECTED,
    S_HEIGHT,
    S_LINE,
    S_MOBILE,
    S_SAFETY,
    S_USABLE,
    SAFETY,
    STACK_MOBILITY,
    STACKS,
    TERRITORY,
    V_HAND,
    V_MARKERS,
    V_PROXIMITY,
    V_RECOVERY,
    V_RISK,
    V_STACKS,
    V_TERRITORY,
)
from play.games.ringrift.heuristic_parts import (
    add_marker,
    add_stack,
    closure,
    diversity,
    forced_risk,
    over_average,
    over_best,
    proximity,
    recovery,
    sight,
)
from play.games.ringrift.jit import inner_kernel, kernel
from play.games.ringrift.state import State, one


@inner_kernel
def write_terms(
    board: Board,
    game: State,
    seat: int,
    sums: NDArray[np.float64],
    values: NDArray[np.float64],
    terms: NDArray[np.float64],
) -> None:
    """Fill terms[NUM_TERMS] for a seat; sums[n, NUM_SUMS] and values[n, NUM_VALUES] are scratch."""
    for other in range(len(sums)):
        for column in range(NUM_SUMS):
            sums[other, column] = 0.0
    for term in range(NUM_TERMS):
        terms[term] = 0.0
    for cell in range(board.cells):
        if game.kind[cell] == STACK:
            add_stack(board, game, cell, seat, sums)
        elif game.kind[cell] == MARKER:
            add_marker(board, game, cell, sums)
    seats = board.rules.num_players
    for other in range(seats):
        sums[other, S_CLOSURE] = closure(board, game, other)
        values[other, V_STACKS] = game.stacks[other]
        values[other, V_TERRITORY] = game.territory[other]
        values[other, V_HAND] = game.hand[other]
        values[other, V_MARKERS] = game.markers[other]
        values[other, V_PROXIMITY] = proximity(board, game, other)
        values[other, V_RISK] = forced_risk(game, other, float(sums[other, S_ACTIONS]))
        values[other, V_RECOVERY] = recovery(game, other)
    combine(board, game, seat, sums, values, terms)
    sight(board, game, seat, terms)


@inner_kernel
def combine(
    board: Board,
    game: State,
    seat: int,
    sums: NDArray[np.float64],
    values: NDArray[np.float64],
    terms: NDArray[np.float64],
) -> None:
    """The terms that compare the seats."""
    seats = board.rules.num_players
    terms[STACKS] = over_average(values, V_STACKS, seat)
    terms[HEIGHT] = over_average(sums, S_HEIGHT, seat)
    terms[CAPS] = over_average(sums, S_CAPS, seat)
    own_stacks = float(game.stacks[seat])
    terms[DIVERSITY] = diversity(own_stacks) - diversity(own_stacks - float(terms[STACKS]))
    terms[TERRITORY] = over_best(values, V_TERRITORY, seat)
    terms[HAND] = over_best(values, V_HAND, seat)
    terms[MARKERS] = over_best(values, V_MARKERS, seat)
    terms[CREDIT] = game.credit[seat]
    terms[PROXIMITY] = over_best(values, V_PROXIMITY, seat)
    terms[OPPONENT_PROXIMITY] = min(0.0, float(terms[PROXIMITY]))
    terms[STACK_MOBILITY] = over_best(sums, S_MOBILE, seat)
    terms[LINE_POTENTIAL] = over_best(sums, S_LINE, seat)
    terms[CONNECTIVITY] = over_best(sums, S_CONNECTED, seat)
    terms[CLOSURE] = over_best(sums, S_CLOSURE, seat)
    terms[SAFETY] = over_best(sums, S_SAFETY, seat)
    terms[FORCED_RISK] = -over_best(values, V_RISK, seat)
    terms[RECOVERY] = over_best(values, V_RECOVERY, seat)
    # own minus all the others together
    terms[CENTRE] = 2 * sums[seat, S_CENTRE] - total_of(sums, S_CENTRE)
    terms[MOBILITY] = 2 * sums[seat, S_USABLE] - total_of(sums, S_USABLE)
    if seats > 2:
        among_leaders(game, seat, sums, values, terms)


@inner_kernel
def total_of(values: NDArray[np.float64], column: int) -> float:
    """The sum over all seats."""
    total = 0.0
    for other in range(len(values)):
        total += values[other, column]
    return total


@inner_kernel
def among_leaders(
    game: State, seat: int, sums: NDArray[np.float64], values: NDArray[np.float64], terms: NDArray[np.float64]
) -> None:
    """With three or four seats: one opponent far ahead of the rest is bad, opponents without an action are good."""
    best, second, stuck, others = -1e18, -1e18, 0.0, len(values) - 1
    for other in range(len(values)):
        if other == seat:
            continue
        near = float(values[other, V_PROXIMITY])
        best, second = max(best, near), max(second, min(best, near))
        if sums[other, S_ACTIONS] == 0 and game.hand[other] == 0:
            stuck += 1
    terms[LEADERS] = -(best - second)
    acts = sums[seat, S_ACTIONS] > 0 or game.hand[seat] > 0
    terms[LPS_ADVANTAGE] = stuck / others if acts else -1.0


@kernel
def terms_of(board: Board, state: State, which: NDArray[np.int64], seats: NDArray[np.int64]) -> NDArray[np.float64]:
    """float64[K, NUM_TERMS]: the terms of each named game from the view of the given seat."""
    players = board.rules.num_players
    sums = np.empty((players, NUM_SUMS))
    values = np.empty((players, NUM_VALUES))
    terms = np.empty((len(which), NUM_TERMS))
    for index in range(len(which)):
        write_terms(board, one(state, int(which[index])), int(seats[index]), sums, values, terms[index])
    return terms
