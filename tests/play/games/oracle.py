"""A slow RingRift engine in plain Python, written straight from sections 2 to 17 of the rules.

It is the second opinion of the tests: the compiled engine has to agree with it on every legal set and every
successor. It favours the wording of the rules over speed, and must never import the compiled engine.
This module applies moves and runs the turn machine; `oracle_moves` says what is legal.
"""

from tests.play.games.oracle_moves import (
    captures_from,
    has_real_action,
    own_lines,
    placements,
)
from tests.play.games.oracle_state import CAPTURES, Move, Position, cap
from tests.play.games.oracle_territory import border, payable_regions, payments

NOT_ACTING = {
    "no_placement_action",
    "no_movement_action",
    "no_line_action",
    "no_territory_action",
    "skip_placement",
    "skip_capture",
    "skip_recovery",
    "skip_territory_processing",
}


def apply_move(p: Position, move: Move) -> None:
    """Apply a move without asking whether it is legal, advance the turn machine, and look for a win.

    Only the payment of a region is enforced: claiming one with nothing outside to pay with is a ValueError.
    """
    if move.kind == "choose_territory_option" and not set(payments(p)) - set(move.cells):
        raise ValueError(f"seat {p.mover} has no stack outside the region to pay with")
    carry_out(p, move)
    p.acted |= move.kind not in NOT_ACTING
    p.last_actor = p.mover
    p.moved.add(p.mover)
    advance(p, move)
    check_victory(p)


def carry_out(p: Position, move: Move) -> None:
    """The effect on the board and the counters alone."""
    if move.kind == "place_ring":
        p.hand[p.mover] -= move.number
        p.stacks.setdefault(move.to, []).extend([p.mover] * move.number)
        p.must = move.to
    elif move.kind == "move_stack" or move.kind in CAPTURES:
        travel(p, move)
    elif move.kind in ("process_line", "choose_line_option"):
        p.collapse(move.cells)
        p.pending_line = len(move.cells) == len(move.line) and bool(p.controlled(p.mover))
    elif move.kind in ("eliminate_rings_from_stack", "forced_elimination"):
        eliminate(p, move)
    elif move.kind == "choose_territory_option":
        claim(p, frozenset(move.cells))
    elif move.kind == "recovery_slide":
        recover(p, move)
    elif move.kind == "swap_sides":
        p.swapped = True


def travel(p: Position, move: Move) -> None:
    """Plain move and capture segment (7.2, 8.2)."""
    attacker = p.stacks.pop(move.source)
    p.markers[move.source] = p.mover
    path = next(ray for ray in p.board.rays[move.source] if move.to in ray)
    for cell in path[: path.index(move.to)]:
        owner = p.markers.get(cell)
        if owner == p.mover:
            p.collapse([cell])
        elif owner is not None:
            p.markers[cell] = p.mover
    if move.over:
        attacker.insert(0, p.remove(move.over, -1))
    p.stacks[move.to] = attacker
    if p.markers.pop(move.to, None) is not None:
        p.remove(move.to, -1)
        p.book(1)
    if p.must == move.source:
        p.must = move.to
    p.active_cell = move.to


def eliminate(p: Position, move: Move) -> None:
    """Payments and forced elimination (9.4, 10.6, 11.2)."""
    if move.context == "recovery":
        p.remove(move.to, p.stacks[move.to].index(p.mover))
        p.book(1)
    else:
        rings = 1 if move.context == "line" else cap(p.stacks[move.to])
        for _ in range(rings):
            p.remove(move.to, -1)
        p.book(rings)
    p.pending_line = p.pending_territory = False


def claim(p: Position, region: frozenset[str]) -> None:
    """Section 10.5: the border is determined before anything changes."""
    taken = region | border(p, region)
    for cell in region:
        p.book(len(p.stacks.pop(cell, [])))
    p.collapse(taken)
    p.pending_territory = True


def recover(p: Position, move: Move) -> None:
    """Section 12.3."""
    del p.markers[move.source]
    if move.mode == "stack_strike":
        p.remove(move.to, -1)
        p.book(1)
    else:
        p.markers[move.to] = p.mover
    if move.mode == "line":
        p.collapse(move.cells)
    if move.option != 2:
        stack = move.payment or p.buried(p.mover)[0]
        p.remove(stack, p.stacks[stack].index(p.mover))
        p.book(1)
    p.recovered = True


def advance(p: Position, move: Move) -> None:
    """The transition table of section 4.3."""
    kind = move.kind
    if kind in ("place_ring", "skip_placement", "no_placement_action"):
        p.phase = "movement"
    elif kind == "move_stack":
        follow_up(p, "capture")
    elif kind in CAPTURES:
        follow_up(p, "chain_capture")
    elif kind in ("no_movement_action", "skip_capture", "recovery_slide", "skip_recovery"):
        to_lines(p)
    elif kind in ("process_line", "choose_line_option"):
        if not p.pending_line and not own_lines(p):
            lines_done(p)
    elif kind == "no_line_action":
        lines_done(p)
    elif kind == "eliminate_rings_from_stack" and p.phase == "territory_processing":
        if not payable_regions(p):
            territory_done(p)
    elif kind in ("skip_territory_processing", "no_territory_action"):
        territory_done(p)
    elif kind == "forced_elimination":
        end_turn(p)


def follow_up(p: Position, phase: str) -> None:
    """On to a capture by the stack that just moved, or to the lines if it has none."""
    if captures_from(p, p.active_cell, "overtaking_capture"):
        p.phase = phase
    else:
        to_lines(p)


def to_lines(p: Position) -> None:
    """The board moves of this turn are done."""
    p.must = p.active_cell = ""
    p.phase = "line_processing"


def must_sacrifice(p: Position) -> bool:
    """Section 11.1: nothing on the board changed this turn, and the mover has a stack."""
    return not p.acted and bool(p.controlled(p.mover))


def lines_done(p: Position) -> None:
    """On from the line phase (4.3)."""
    p.phase = "forced_elimination" if must_sacrifice(p) and not payable_regions(p) else "territory_processing"


def territory_done(p: Position) -> None:
    """On from the territory phase (4.3)."""
    if must_sacrifice(p):
        p.phase = "forced_elimination"
        return
    check_victory(p)
    if p.status == "active":
        end_turn(p)


def end_turn(p: Position) -> None:
    """Section 4.5: the next seat that still has rings."""
    p.acted = p.recovered = p.pending_line = p.pending_territory = False
    p.must = p.active_cell = ""
    p.phase = "ring_placement"
    order = [(p.mover + step - 1) % p.seats + 1 for step in range(1, p.seats + 1)]
    following = [seat for seat in order if p.has_rings(seat)]
    if following:
        p.mover = following[0]
        start_lps_turn(p, p.mover)
        if lps_won(p, p.mover):
            finish(p, p.mover)


def start_lps_turn(p: Position, seat: int) -> None:
    """Section 14.2: who had a real action in the last full cycle, and since when only one seat."""
    alive = {other for other in p.everyone() if p.has_rings(other)}
    if p.lps_first not in alive:
        p.lps_first, p.lps_mask = seat, {}
        if p.streak_seat not in alive:
            p.streak_seat = p.streak = 0
    elif seat == p.lps_first and p.lps_mask:
        real = [other for other in alive if p.lps_mask.get(other)]
        if len(real) != 1:
            p.streak_seat = p.streak = 0
        elif real[0] == p.streak_seat:
            p.streak += 1
        else:
            p.streak_seat, p.streak = real[0], 1
        p.lps_mask = {}
    p.lps_mask[seat] = has_real_action(p, seat)


def lps_won(p: Position, seat: int) -> bool:
    """Section 14.2: whether the seat whose turn starts has outlasted all others."""
    if p.streak < p.lps_required or p.streak_seat != seat or not has_real_action(p, seat):
        return False
    return not any(has_real_action(p, other) for other in p.everyone() if other != seat)


def finish(p: Position, winner: int) -> None:
    """The game is over."""
    p.winner = p.mover = winner
    p.phase, p.status = "game_over", "completed"


def check_victory(p: Position) -> None:
    """Section 15.1, in its order; the first condition that holds ends the game."""
    winner = ring_winner(p) or territory_winner(p) or sole_survivor(p) or bare_board_winner(p)
    if winner:
        finish(p, winner)


def ring_winner(p: Position) -> int:
    """The lowest seat with enough eliminated rings."""
    return next((seat for seat in p.everyone() if p.credit[seat] >= p.ring_target), 0)


def territory_winner(p: Position) -> int:
    """The lowest seat with enough territory, and with more than all others together."""
    everything = sum(p.territory)
    for seat in p.everyone():
        if p.territory[seat] >= p.territory_target and 2 * p.territory[seat] > everything:
            return seat
    return 0


def sole_survivor(p: Position) -> int:
    """The seat that controls every stack, if no other has a ring left anywhere."""
    in_control = {rings[-1] for rings in p.stacks.values()}
    if len(in_control) != 1:
        return 0
    (survivor,) = in_control
    return 0 if any(p.has_rings(seat) for seat in p.everyone() if seat != survivor) else survivor


def bare_board_winner(p: Position) -> int:
    """Section 15.2: the ladder, once no stack stands and none can come."""
    if p.stacks or any(move.number == 1 for seat in p.everyone() for move in placements(p, seat)):
        return 0
    owners = list(p.markers.values())

    def rungs(seat: int) -> tuple[int, int, int, bool, int]:
        held = p.credit[seat] + p.hand[seat]
        return p.territory[seat], held, owners.count(seat), p.last_actor == seat, -seat

    return max(p.everyone(), key=rungs)
