"""One RingRift position as lines of text, at most 80 columns wide on every board. Prints nothing, and knows no colours.

    .       an empty cell
    23      a stack of three rings that seat 2 controls; heights from 10 on are a, b, c ...
    23/1    where the board leaves room: its cap is one ring, the others are somebody else's
    +2 #2   a marker of seat 2, a cell collapsed to seat 2
    [ ]     round the cells of the last move

Stacks of several colours are listed under the board by their cells and rings, the top ring first. y stands before each row and x
above the columns; on hex boards, where the rows are shifted, the x of the first and the last cell stands behind the row.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from textwrap import wrap

from play.games.drawing import WIDTH, Line, Piece
from play.games.game import Int16s
from play.games.ringrift.boards import Board, cell_keys, coordinates
from play.games.ringrift.codes import (
    CHOOSE_LINE_OPTION,
    CHOOSE_TERRITORY_OPTION,
    COLLAPSED,
    CONTINUE_CAPTURE_SEGMENT,
    ELIMINATE_RINGS,
    FORCED_ELIMINATION_MOVE,
    GAME_OVER,
    MARKER,
    MOVE_STACK,
    MOVER,
    OVERTAKING_CAPTURE,
    PHASE,
    PLACE_RING,
    PROCESS_LINE,
    RECOVERY_SLIDE,
    STACK,
    WINNER,
)
from play.games.ringrift.notation import phase_name, ring_text
from play.games.ringrift.state import State

MARGIN, ROOMY, COMPACT = 4, 5, 3
"""Columns before the first cell, and from cell to cell on small and on large boards."""
ROOMY_UP_TO = 9
DIGITS = "0123456789abcdefghijklmnopqrstuv"
AT_CELLS = frozenset({
    PLACE_RING, MOVE_STACK, OVERTAKING_CAPTURE, CONTINUE_CAPTURE_SEGMENT, RECOVERY_SLIDE, PROCESS_LINE, CHOOSE_LINE_OPTION,
    ELIMINATE_RINGS, CHOOSE_TERRITORY_OPTION, FORCED_ELIMINATION_MOVE,
})  # fmt: skip
"""The kinds of move whose source and target are cells."""


def draw(board_type: str, board: Board, game: State, row: Int16s | None = None) -> list[Line]:
    """The board, the stacks of several colours, and the seats. `row`: the last decision, whose cells are marked."""
    marked = {int(row[1]), int(row[2])} if row is not None and int(row[0]) in AT_CELLS else set()
    lines = [*_board(board_type, board, game, marked), *_mixed(board_type, game), []]
    return [*lines, *_seats(board, game)]


def _board(board_type: str, board: Board, game: State, marked: Collection[int]) -> Iterator[Line]:
    cells, is_hex = coordinates(board_type), board.directions == 6
    roomy = board.width <= ROOMY_UP_TO
    spacing, left = ROOMY if roomy else COMPACT, min(x for x, _ in cells)
    if not is_hex:
        yield [Piece(" " * MARGIN + "".join(f"{x:<{spacing}}" for x in range(board.width)))]
    for y in sorted({y for _, y in cells}):
        in_row = [(number, x) for number, (x, at) in enumerate(cells) if at == y]
        steps = [(number, 2 * (x - left) + y if is_hex else 2 * x) for number, x in in_row]
        places = [(MARGIN + spacing * step // 2, number) for number, step in steps]
        line = [Piece(f"{y:>{MARGIN - 1}}"), *_row(places, game, marked, roomy=roomy)]
        yield [*line, *_ends(line, in_row[0][1], in_row[-1][1])] if is_hex else line


def _row(places: Iterable[tuple[int, int]], game: State, marked: Collection[int], *, roomy: bool) -> Iterator[Piece]:
    """The cells of a row at their columns, each marked one in brackets."""
    at = MARGIN - 1
    for column, cell in places:
        if column > at:
            yield Piece(("[" if cell in marked else " ").rjust(column - at))
        text, seat = _cell(game, cell, roomy=roomy)
        yield Piece(text, seat)
        at = column + len(text)
        if cell in marked:
            yield Piece("]")
            at += 1


def _cell(game: State, cell: int, *, roomy: bool) -> tuple[str, int | None]:
    kind, seat = int(game.kind[cell]), int(game.owner[cell])
    if kind == STACK:
        height, cap = int(game.height[cell]), int(game.cap[cell])
        return f"{seat + 1}{DIGITS[height]}" + (f"/{DIGITS[cap]}" if roomy and cap < height else ""), seat
    if kind in (MARKER, COLLAPSED):
        return f"{'+' if kind == MARKER else '#'}{seat + 1}", seat
    return ".", None


def _ends(line: Line, first: int, last: int) -> Line:
    """The x of a row's ends, where there is room for it."""
    text = f"  x {first}..{last}"
    return [Piece(text)] if sum(len(piece.text) for piece in line) + len(text) <= WIDTH else []


def _mixed(board_type: str, game: State) -> Iterator[Line]:
    """Every stack of several colours: its cell, and its rings from the top."""
    names = cell_keys(board_type)
    stacks = [cell for cell in range(len(names)) if game.kind[cell] == STACK and game.cap[cell] < game.height[cell]]
    listed = "  ".join(f"{names[cell]}={ring_text(game, cell)}" for cell in stacks)
    for text in wrap(f"rings from the top:  {listed}", WIDTH, subsequent_indent="  ") if stacks else ():
        yield [Piece(text)]


def _seats(board: Board, game: State) -> Iterator[Line]:
    """Who moves or has won, and what each seat has, beside what wins."""
    over, rules = game.turn[PHASE] == GAME_OVER, board.rules
    seat = int(game.turn[WINNER if over else MOVER])
    yield [Piece(f"seat {seat + 1}", seat), Piece(" has won" if over else f" is to move: {phase_name(game)}")]
    heads = ("seat", "in hand", f"eliminated (of {rules.ring_target})", f"territory (of {rules.territory_minimum})")
    titles = (*heads, "stacks", "markers")
    yield [Piece("  ".join(titles))]
    for each in range(rules.num_players):
        counts = (
            each + 1,
            *(held[each] for held in (game.hand, game.credit, game.territory, game.stacks, game.markers)),
        )
        texts = [f"{int(count):>{len(title)}}" for count, title in zip(counts, titles, strict=True)]
        yield [Piece(texts[0], each), Piece("  " + "  ".join(texts[1:]))]
