"""A recorded game told move by move: what each move is called, and what it changes on the board.

It trusts nothing in the record but what replay.py checks; a game that breaks off there is told up to that move, with the reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np

from play.games.drawing import Drawn, plain
from play.games.game import Game, Int64s, States
from play.games.picture import Pictured
from play.record import PlayedGame
from play.replay import ReplayError, opening, replay, steps
from shared.contract.configuration import Configuration
from shared.contract.replay import MOST_CELLS, MOST_MOVES, MOST_TEXT, CellChange, GameReplay, ReplayedMove, SeatStanding


def tell(game: Game, played: PlayedGame) -> GameReplay:
    """The whole game, as far as it is what was recorded."""
    teller = Teller(game)
    begun = teller.move(0, None, "", opening(game, played))
    moves, scores, fault = list[ReplayedMove](), None, None
    try:
        for step in islice(steps(game, played), MOST_MOVES):
            moves.append(teller.move(step.number, step.seat, step.action, step.states, step.row.astype(np.int64)))
        scores = replay(game, played)
    except ReplayError as error:
        fault = str(error)
    if fault is None and played.decisions > len(moves):
        fault = f"the game has {played.decisions} moves: the first {MOST_MOVES} are told"
    about = played.model_dump(include={"opponent", "index", "seat", "outcome", "error"})
    named = str(Configuration(game.board_type, game.num_players))
    board = teller.pictured.layout() if teller.pictured else None
    told: dict[str, Any] = {"layout": board, "opening": begun, "moves": moves, "scores": scores, "fault": fault}
    return GameReplay(configuration=named, **about, **told)


class Teller:
    """Remembers the position before, and the text so far, of one game that is told in order."""

    def __init__(self, game: Game) -> None:
        fits = isinstance(game, Pictured) and len(game.layout().cells) <= MOST_CELLS
        self.pictured = game if fits and isinstance(game, Pictured) else None
        self._drawn = game if self.pictured is None and isinstance(game, Drawn) else None
        self._before: Int64s | None = None
        self._room = MOST_TEXT

    def move(
        self, number: int, seat: int | None, action: str, states: States, row: Int64s | None = None
    ) -> ReplayedMove:
        """A move and where it led."""
        cells = self.pictured.between(row.astype(np.int16)) if self.pictured and row is not None else []
        return ReplayedMove(
            number=number, seat=seat, action=action, cells=cells, changes=list(self._changes(states)),
            seats=self._seats(states), text=self._text(states),
        )  # fmt: skip

    def _changes(self, states: States) -> Iterator[CellChange]:
        if self.pictured is None:
            return
        now = self.pictured.cells(states, 0)
        before, self._before = self._before, now
        for cell in range(len(now)) if before is None else np.flatnonzero((now != before).any(axis=1)):
            piece = self.pictured.piece(now[cell])
            if before is not None or piece is not None:
                yield CellChange(cell=int(cell), piece=piece)

    def _seats(self, states: States) -> list[SeatStanding]:
        return self.pictured.standings(states, 0) if self.pictured else []

    def _text(self, states: States) -> str | None:
        text = plain(self._drawn.draw(states, 0)) if self._drawn else None
        if text is None or len(text) > self._room:
            return None
        self._room -= len(text)
        return text
