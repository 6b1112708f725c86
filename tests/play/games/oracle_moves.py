"""What may be played: the legal moves of the slow reference engine, phase by phase.

Sections 6 to 13 of the rules, the parts on legality; nothing here changes a position.
"""

from collections.abc import Iterator

from tests.play.games.oracle_state import Move, Position, cap
from tests.play.games.oracle_territory import payable_regions, payments


def legal_moves(position: Position) -> dict[str, Move]:
    """Every legal move by its key; bookkeeping included, empty once the game is over."""
    if position.status != "active":
        return {}
    moves = {
        "ring_placement": placement_moves,
        "movement": movement_moves,
        "capture": capture_moves,
        "chain_capture": chain_moves,
        "line_processing": line_moves,
        "territory_processing": territory_moves,
        "forced_elimination": forced_moves,
    }[position.phase](position)
    return {move.key: move for move in moves}


def slides(p: Position, cell: str, height: int, loose: bool = False) -> Iterator[str]:
    """Landings of a plain move (7.1) of a stack this high; `loose` also lets it land on a stack at exactly `height`."""
    for ray in p.board.rays[cell]:
        for distance, to in enumerate(ray, 1):
            if to in p.collapsed:
                break
            if to in p.stacks:
                if loose and distance == height:
                    yield to
                break
            if distance >= height:
                yield to


def overtakes(p: Position, cell: str, height: int, strength: int) -> Iterator[tuple[str, str]]:
    """Target and landing of every capture segment (8.1) by a stack of this height and cap."""
    for ray in p.board.rays[cell]:
        target = ""
        for distance, to in enumerate(ray, 1):
            if to in p.collapsed:
                break
            if to in p.stacks:
                if target or strength < cap(p.stacks[to]):
                    break
                target = to
            elif target and distance >= height:
                yield target, to


def can_act(p: Position, cell: str, height: int, strength: int, loose: bool = False) -> bool:
    """Whether a stack of this height and cap could move or capture from a cell (6.4)."""
    return any(slides(p, cell, height, loose)) or any(True for _ in overtakes(p, cell, height, strength))


def captures_from(p: Position, cell: str, kind: str) -> list[Move]:
    """Every capture segment by the stack on a cell, if the mover controls it."""
    rings = p.stacks.get(cell)
    if not rings or rings[-1] != p.mover:
        return []
    return [Move(kind, source=cell, over=over, to=to) for over, to in overtakes(p, cell, len(rings), cap(rings))]


def placements(p: Position, seat: int) -> Iterator[Move]:
    """Sections 6.2 to 6.4 for any seat; `place_ring` moves without a dead one."""
    on_board = sum(rings.count(seat) for rings in p.stacks.values())
    available = min(p.hand[seat], p.supply - on_board)
    if available <= 0:
        return
    for cell in p.board.cells:
        if cell in p.collapsed or cell in p.markers:
            continue
        if cell in p.stacks:
            after = [*p.stacks[cell], seat]
            if can_act(p, cell, len(after), cap(after)):
                yield Move("place_ring", to=cell)
            continue
        counts = range(1, min(3, available) + 1)
        passing = [count for count in counts if can_act(p, cell, count, count)]
        if p.options.tallest_placement_admits_lower and passing:
            passing = list(range(1, passing[-1] + 1))
        yield from (Move("place_ring", to=cell, number=count) for count in passing)


def has_real_action(p: Position, seat: int) -> bool:
    """Section 14.1: a placement, plain move or capture, as if it were this seat's turn."""
    stacks = ((cell, p.stacks[cell]) for cell in p.controlled(seat))
    return any(can_act(p, cell, len(rings), cap(rings)) for cell, rings in stacks) or any(placements(p, seat))


def may_skip_placement(p: Position) -> bool:
    """Section 6.5."""
    if p.hand[p.mover] == 0:
        return False
    loose = p.options.loose_skip_probe
    stacks = ((cell, p.stacks[cell]) for cell in p.controlled(p.mover))
    return p.can_recover(p.mover) or any(can_act(p, c, len(rings), cap(rings), loose) for c, rings in stacks)


def may_swap(p: Position) -> bool:
    """Section 13, in the phase where it comes up."""
    return (
        p.swap_enabled
        and p.seats == 2
        and p.mover == 2
        and not p.swapped
        and 1 in p.moved
        and 2 not in p.moved
        and p.phase == "ring_placement"
    )


def placement_moves(p: Position) -> list[Move]:
    """The phase `ring_placement`."""
    moves = list(placements(p, p.mover))
    if may_skip_placement(p):
        moves.append(Move("skip_placement"))
    if may_swap(p):
        moves.append(Move("swap_sides"))
    return moves or [Move("no_placement_action")]


def movement_moves(p: Position) -> list[Move]:
    """The phase `movement`."""
    if p.can_recover(p.mover):
        return [*recovery_slides(p), Move("skip_recovery")]
    moves: list[Move] = []
    for cell in p.controlled(p.mover):
        if p.must in ("", cell):
            moves += [Move("move_stack", source=cell, to=to) for to in slides(p, cell, len(p.stacks[cell]))]
            moves += captures_from(p, cell, "overtaking_capture")
    return moves or [Move("no_movement_action")]


def capture_moves(p: Position) -> list[Move]:
    """The phase `capture`."""
    return [*captures_from(p, p.active_cell, "overtaking_capture"), Move("skip_capture")]


def chain_moves(p: Position) -> list[Move]:
    """The phase `chain_capture`."""
    return captures_from(p, p.active_cell, "continue_capture_segment")


def run_through(p: Position, owners: dict[str, int], cell: str, axis: int) -> tuple[str, ...]:
    """The maximal run of the mover's markers through `cell` along an axis, from its negative end."""
    halves: list[list[str]] = []
    for ray in (p.board.rays[cell][axis + p.board.axes], p.board.rays[cell][axis]):
        half: list[str] = []
        for other in ray:
            if owners.get(other) != p.mover:
                break
            half.append(other)
        halves.append(half)
    return (*reversed(halves[0]), cell, *halves[1])


def own_lines(p: Position) -> set[tuple[str, ...]]:
    """Section 9.1: the mover's runs of at least the line length."""
    own = [cell for cell, owner in p.markers.items() if owner == p.mover]
    runs = {run_through(p, p.markers, cell, axis) for cell in own for axis in range(p.board.axes)}
    return {run for run in runs if len(run) >= p.line_length}


def line_moves(p: Position) -> list[Move]:
    """The phase `line_processing`."""
    if p.pending_line:
        return [Move("eliminate_rings_from_stack", to=cell, context="line") for cell in p.controlled(p.mover)]
    moves: list[Move] = []
    for line in own_lines(p):
        spare = len(line) - p.line_length
        choices = [line] if spare == 0 else [line, *(line[i : i + p.line_length] for i in range(spare + 1))]
        moves += [Move("choose_line_option", line=line, cells=cells) for cells in choices]
        if spare == 0 or p.options.process_overlength:
            moves.append(Move("process_line", line=line, cells=line))
    return moves or [Move("no_line_action")]


def territory_moves(p: Position) -> list[Move]:
    """The phase `territory_processing`."""
    if p.pending_territory:
        context = "recovery" if p.recovered else "territory"
        return [Move("eliminate_rings_from_stack", to=cell, context=context) for cell in payments(p)]
    moves = [Move("choose_territory_option", cells=tuple(region)) for region in payable_regions(p)]
    return [*moves, Move("skip_territory_processing")] if moves else [Move("no_territory_action")]


def forced_moves(p: Position) -> list[Move]:
    """The phase `forced_elimination`."""
    moves = [Move("forced_elimination", to=cell) for cell in p.controlled(p.mover)]
    # Section 11.3: with a real action left the engine takes the stack that has stood longest.
    return moves[:1] if p.options.loose_skip_probe and has_real_action(p, p.mover) else moves


def recovery_slides(p: Position) -> list[Move]:
    """Section 12.2; with every window of a free collapse under one key, the first usable one as its payload."""
    lines: list[Move] = []
    others: list[Move] = []
    for source in [cell for cell, owner in p.markers.items() if owner == p.mover]:
        rest = {cell: owner for cell, owner in p.markers.items() if cell != source}
        for to in (ray[0] for ray in p.board.rays[source] if ray):
            if to in p.collapsed or to in p.markers:
                continue
            struck = to in p.stacks
            run = () if struck else completed_run(p, rest, to)
            if run:
                lines.append(Move("recovery_slide", source=source, to=to, mode="line", option=1, cells=run))
            if len(run) > p.line_length:
                lines.append(lines[-1]._replace(option=2, cells=windows(p, run, to)[0]))
            mode = "stack_strike" if struck else "fallback"
            others.append(Move("recovery_slide", source=source, to=to, mode=mode))
    return lines or others


def completed_run(p: Position, owners: dict[str, int], to: str) -> tuple[str, ...]:
    """The run that a marker on `to` would complete, on the first axis where it is long enough."""
    for axis in range(p.board.axes):
        run = run_through(p, owners, to, axis)
        if len(run) >= p.line_length:
            return run
    return ()


def windows(p: Position, run: tuple[str, ...], to: str) -> list[tuple[str, ...]]:
    """The free collapses of a recovery: line-length pieces of the run that contain the destination."""
    pieces = [run[i : i + p.line_length] for i in range(len(run) - p.line_length + 1)]
    return [piece for piece in pieces if to in piece]
