"""Drawn positions: nothing is lost, nothing needs colours, and every board fits the terminal."""

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from play.games.drawing import WIDTH, Drawn, plain
from play.games.game import Int16s, Int64s
from play.games.registry import BOARD_TYPES, PLAYER_COUNTS, get_ringrift
from play.games.ringrift.codes import COLLAPSED, MARKER, STACK
from play.games.ringrift.engine import RingRift
from play.games.ringrift.notation import ring_text
from play.games.ringrift.state import State, view

GOLDEN = Path(__file__).resolve().parents[2] / "data" / "drawings"
PLAYED = {"hex8": 40, "square8": 50, "square19": 300, "hexagonal": 300}
ONLY: Int64s = np.zeros(1, np.int64)


def played(game: RingRift, seed: int, decisions: int) -> tuple[State, Int16s | None]:
    """A random game so many decisions on, or at its end before, and its last decision."""
    states, row = game.new(np.array([seed], np.int64)), None
    for _ in range(decisions):
        if game.over(states)[0]:
            break
        row = game.random_rows(states, ONLY)[0]
        game.apply(states, ONLY, row[np.newaxis])
    return states, row


def cells_of(text: str, game: RingRift) -> list[str]:
    """The cells of a drawing in index order, as they are written, without brackets."""
    rows = [line for line in text.splitlines() if re.match(r" *-?\d+[ \[]", line)][: game.board.width + 1]
    if game.board.directions == 8:
        rows = rows[1:]  # the first numbers the columns
    return [cell for row in rows for cell in re.split(r"[\s\[\]]+", row[3:].split("  x ")[0].strip(" []"))][
        : game.board.cells
    ]


def written(game: State, cell: int) -> str:
    """How a cell has to be written, but for the cap of a stack."""
    seat, kind = int(game.owner[cell]) + 1, int(game.kind[cell])
    if kind == STACK:
        return f"{seat}{np.base_repr(int(game.height[cell]), 36).lower()}"
    return {MARKER: f"+{seat}", COLLAPSED: f"#{seat}"}.get(kind, ".")


@pytest.mark.parametrize("board_type", BOARD_TYPES)
def test_a_drawing_is_as_it_was(board_type: str) -> None:
    """The whole text of one position on each board."""
    game = get_ringrift(board_type, 2 + BOARD_TYPES.index(board_type) % 3)
    states, row = played(game, 1, PLAYED[board_type])
    assert plain(game.draw(states, 0, row)) + "\n" == (GOLDEN / f"{board_type}.txt").read_text()


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(BOARD_TYPES), st.sampled_from(PLAYER_COUNTS), st.integers(0, 10_000), st.integers(0, 600))
def test_every_cell_can_be_read_without_colours(board_type: str, players: int, seed: int, decisions: int) -> None:
    """In any position of any board the plain text names every cell, and the rings of every mixed stack, in 80 columns."""
    game = get_ringrift(board_type, players)
    states, row = played(game, seed, decisions)
    text, now = plain(game.draw(states, 0, row)), view(states, 0)
    assert max(map(len, text.splitlines())) <= WIDTH
    assert text.isascii()
    assert [cell.split("/")[0] for cell in cells_of(text, game)] == [
        written(now, cell) for cell in range(game.board.cells)
    ]
    mixed = {ring_text(now, cell) for cell in range(game.board.cells) if now.cap[cell] < now.height[cell]}
    assert set(re.findall(r"-?\d,-?\d+=(\d+)", text)) == mixed


def test_the_cells_of_the_last_move_are_in_brackets() -> None:
    """Both ends of a move, and nothing after a pass."""
    game = get_ringrift("hex8", 2)
    states, row = played(game, 1, 40)
    assert len(re.findall(r"\[[^ ]+\]", plain(game.draw(states, 0, row)))) == 2
    assert "[" not in plain(game.draw(states, 0))


def test_every_seat_is_named_to_colours() -> None:
    """Whoever has colours is told whose each piece is, and the text says the same."""
    game = get_ringrift("square8", 4)
    states, row = played(game, 1, 50)
    pieces = [piece for line in game.draw(states, 0, row) for piece in line if piece.seat is not None]
    assert isinstance(game, Drawn)
    assert {piece.seat for piece in pieces} == {0, 1, 2, 3}
    assert all(str(piece.seat + 1) in piece.text for piece in pieces if piece.seat is not None)
