"""A recorded game told move by move is the game: its boards are the positions, its pieces theirs, its end the recorded one."""

import numpy as np
import pytest

from play.arena import Arena
from play.games.registry import get_game, get_ringrift
from play.games.ringrift.codes import COLLAPSED, MARKER, STACK
from play.games.ringrift.state import State, view
from play.players.random import RandomPlayer
from play.record import PlayedGame, encode_rows
from play.replay import steps
from play.schedule import plan_games
from play.telling import tell
from shared.contract.replay import BoardPiece

CASES = [("hex8", 3), ("square8", 4), ("square19", 2), ("hexagonal", 2)]


def recorded(board_type: str, players: int) -> PlayedGame:
    """A game between random players."""
    arena = Arena(
        get_game(board_type, players), RandomPlayer(), RandomPlayer(), plan_games(3, "random", players, players), opening_plies=4
    )  # fmt: skip
    return next(each for ended in arena.play(players) for each in ended)


def lies(game: State, cell: int) -> BoardPiece | None:
    """What the rules say lies on a cell, one ring after the other."""
    kind, seat = int(game.kind[cell]), int(game.owner[cell])
    if kind == STACK:
        rings = [int(game.rings[cell]) // 4**depth % 4 for depth in range(int(game.height[cell]))]
        return BoardPiece(kind="stack", seat=seat, rings=rings)
    if kind in (MARKER, COLLAPSED):
        return BoardPiece(kind="marker" if kind == MARKER else "territory", seat=seat)
    return None


@pytest.mark.parametrize(("board_type", "players"), CASES)
def test_the_changes_of_all_moves_lead_through_every_position(board_type: str, players: int) -> None:
    """Whoever follows them has, after each move, what the rules have on every cell and for every seat."""
    game, played = get_ringrift(board_type, players), recorded(board_type, players)
    told = tell(game, played)
    assert told.layout is not None
    assert (told.fault, len(told.moves), len(told.layout.cells)) == (None, played.decisions, game.board.cells)
    assert told.opening.changes == []
    board: dict[int, BoardPiece | None] = {}
    for move, step in zip(told.moves, steps(game, played), strict=True):
        board |= {each.cell: each.piece for each in move.changes}
        now = view(step.states, 0)
        assert (move.number, move.seat, move.action) == (step.number, step.seat, step.action)
        assert all(board.get(cell) == lies(now, cell) for cell in range(game.board.cells)), move
        assert [each.in_hand for each in move.seats] == now.hand.tolist()
    assert told.scores is not None
    assert sum(told.scores) == pytest.approx(players / 2)
    assert [told.layout.cells[cell].name for cell in told.moves[0].cells] == [told.moves[0].action.split("|")[1]]


def test_a_damaged_record_is_told_up_to_the_damage() -> None:
    """With the move at which it is none of the game's, and no result."""
    game, played = get_ringrift("hex8", 2), recorded("hex8", 2)
    rows = [step.row for step in steps(game, played)]
    damaged = played.model_copy(
        update={"moves": encode_rows(np.array([*rows[:5], [99, 0, 0, 0], *rows[6:]], np.int16))}
    )
    told = tell(game, damaged)
    assert (len(told.moves), told.scores) == (5, None)
    assert "decision 5 [99, 0, 0, 0] is not a legal move there" in (told.fault or "")


def test_a_game_without_a_board_is_told_as_text() -> None:
    """As its own package prints it, in every position."""
    pytest.importorskip("pyspiel", reason="needs the extra openspiel")
    game = get_game("openspiel:tic_tac_toe", 2)
    told = tell(game, recorded("openspiel:tic_tac_toe", 2))
    assert (told.layout, told.opening.text) == (None, "...\n...\n...")
    assert [each.text for each in told.moves if each.text is None] == []
    assert (told.moves[0].text or "").count("x") == 1
