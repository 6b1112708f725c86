"""Names for moves, cells and states in text: move keys (22.7), fingerprint (17.1), compact hash (17.2), ring strings."""

from play.games.game import Int16s
from play.games.ringrift.boards import Board, cell_keys
from play.games.ringrift.codes import (
    CHOOSE_LINE_OPTION,
    CHOOSE_TERRITORY_OPTION,
    COLLAPSED,
    CONTINUE_CAPTURE_SEGMENT,
    ELIMINATE_RINGS,
    EXTRACTION_STEP,
    FORCED_ELIMINATION_MOVE,
    GAME_OVER,
    MARKER,
    MOVE_NAMES,
    MOVE_STACK,
    MOVER,
    OVERTAKING_CAPTURE,
    PENDING_LINE,
    PHASE,
    PHASE_NAMES,
    PLACE_RING,
    PROCESS_LINE,
    RECOVER_OPEN,
    RECOVER_WHOLE,
    RECOVER_WINDOW,
    RECOVERY_SLIDE,
    STACK,
)
from play.games.ringrift.lines import ahead, run_beyond
from play.games.ringrift.state import State
from play.games.ringrift.territory import region_label


def phase_name(game: State) -> str:
    """The phase of one game in words."""
    return PHASE_NAMES[int(game.turn[PHASE])]


def cells_from(board: Board, first: int, axis: int, length: int) -> list[int]:
    """Cells along an axis."""
    return [ahead(board, first, axis, steps) for steps in range(length)]


def line_cells(board: Board, game: State, row: Int16s) -> tuple[list[int], list[int]]:
    """(the whole run, the cells collapsed) of a line choice."""
    _, first, last, axis = map(int, row)
    seat = int(game.owner[first])
    before = run_beyond(board, game, first, axis + board.axes, seat)
    after = run_beyond(board, game, first, axis, seat)
    run = cells_from(board, ahead(board, first, axis + board.axes, before), axis, before + 1 + after)
    return run, run[before : run.index(last) + 1]


def window_cells(board: Board, game: State, row: Int16s) -> list[int]:
    """The cells an option-2 recovery slide collapses (12.3)."""
    _, source, target, aux = map(int, row)
    back = aux % EXTRACTION_STEP - RECOVER_WINDOW
    seat = int(game.owner[source])
    axis = _recovered_axis(board, game, source, target, seat)
    return cells_from(board, ahead(board, target, axis + board.axes, back), axis, board.rules.line_length)


def _recovered_axis(board: Board, game: State, source: int, target: int, seat: int) -> int:
    """The first axis on which a slide makes a line, judged without changing the game."""

    def beyond(direction: int) -> int:
        cells = []
        at = int(board.step[target, direction])
        while at != source and game.kind[at] == MARKER and game.owner[at] == seat:
            cells.append(at)
            at = int(board.step[at, direction])
        return len(cells)

    for axis in range(board.axes):
        if beyond(axis) + 1 + beyond(axis + board.axes) >= board.rules.line_length:
            return axis
    raise ValueError("the slide makes no line")


def region_cells(board: Board, game: State, row: Int16s) -> list[int]:
    """The cells of a claimed region."""
    label = region_label(board, game, int(row[1]), int(row[3]))
    return [cell for cell in range(board.cells) if label[cell] >= 0]


def move_key(board_type: str, board: Board, game: State, row: Int16s) -> str:
    """The key of a legal move of one game, as in ringrift-trace-v1."""
    kind, source, target, aux = map(int, row)
    names = cell_keys(board_type)

    def spell(cells: list[int]) -> str:
        return " ".join(sorted(names[cell] for cell in cells))

    parts = [MOVE_NAMES[kind]]
    if kind == PLACE_RING:
        parts += [names[source], str(aux)]
    elif kind == MOVE_STACK:
        parts += [names[source], names[target]]
    elif kind in (OVERTAKING_CAPTURE, CONTINUE_CAPTURE_SEGMENT):
        parts += [names[source], names[_captured(board, game, source, aux)], names[target]]
    elif kind == PROCESS_LINE:
        parts += [spell(line_cells(board, game, row)[0])]
    elif kind == CHOOSE_LINE_OPTION:
        parts += [spell(cells) for cells in line_cells(board, game, row)]
    elif kind == CHOOSE_TERRITORY_OPTION:
        parts += [spell(region_cells(board, game, row))]
    elif kind in (ELIMINATE_RINGS, FORCED_ELIMINATION_MOVE):
        parts += [names[source]]
    elif kind == RECOVERY_SLIDE:
        parts += _slide_parts(game, names[source], names[target], target, aux % EXTRACTION_STEP)
    return "|".join(parts)


def _captured(board: Board, game: State, source: int, direction: int) -> int:
    at = int(board.step[source, direction])
    while game.kind[at] not in (STACK, COLLAPSED):
        at = int(board.step[at, direction])
    return at


def _slide_parts(game: State, source: str, target: str, cell: int, option: int) -> list[str]:
    if option == RECOVER_OPEN:
        mode = "stack_strike" if game.kind[cell] == STACK else "fallback"
        return [mode, source, target, "0"]
    return ["line", source, target, "1" if option == RECOVER_WHOLE else "2"]


def ring_text(game: State, cell: int) -> str:
    """The colours of a stack, top first, as seat numbers from 1."""
    rings = int(game.rings[cell])
    return "".join(str((rings >> (2 * depth) & 3) + 1) for depth in range(int(game.height[cell])))


def rings_string(board_type: str, game: State, equals: str = ":", between: str = "|") -> str:
    """Every stack of one game as "key:topToBottom", sorted and joined by "|" (22.7)."""
    names = cell_keys(board_type)
    stacks = [cell for cell in range(len(names)) if game.kind[cell] == STACK]
    return between.join(sorted(f"{names[cell]}{equals}{ring_text(game, cell)}" for cell in stacks))


def fingerprint(board_type: str, game: State) -> str:
    """The readable identity of one game's visible state (17.1)."""
    names = cell_keys(board_type)
    over = game.turn[PHASE] == GAME_OVER
    mover = 0 if over else int(game.turn[MOVER]) + 1
    status = "completed" if over else "active"
    seats = range(len(game.hand))
    players = [f"{seat + 1}:{game.hand[seat]}:{game.credit[seat]}:{game.territory[seat]}" for seat in seats]
    parts: dict[int, list[str]] = {STACK: [], MARKER: [], COLLAPSED: []}
    for cell, name in enumerate(names):
        kind = int(game.kind[cell])
        entry = f"{name}:{int(game.owner[cell]) + 1}"
        if kind == STACK:
            entry += f":{game.height[cell]}:{game.cap[cell]}"
        if kind in parts:
            parts[kind].append(entry)
    meta = f"{mover}:{phase_name(game)}:{status}:{int(game.turn[PENDING_LINE])}"
    return "#".join([meta, *("|".join(sorted(part)) for part in (players, *parts.values()))])


def compact_hash(text: str) -> str:
    """16 hex digits of a fingerprint, which is plain ASCII (17.2)."""
    mask = 0xFFFFFFFF
    a, b = 0xDEADBEEF, 0x41C6CE57
    for code in map(ord, text):
        a = (a ^ code) * 2654435761 & mask
        b = (b ^ code) * 1597334677 & mask
    a2 = ((a ^ a >> 16) * 2246822507 ^ (b ^ b >> 13) * 3266489909) & mask
    b2 = ((b ^ b >> 16) * 2246822507 ^ (a2 ^ a2 >> 13) * 3266489909) & mask
    return f"{b2:08x}{a2:08x}"
