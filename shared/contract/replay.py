"""A recorded game move by move, as the gauntlet service tells it and pages show it: a board, and what each move changes on it.

A position is the opening and the changes of every move up to it. Knows no rule of any game. Seats are 0-based.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.contract.words import ConfigurationKey, OpponentName, Outcome

MOST_MOVES = 5000
"""Moves that are told of one game; RingRift's longest have 4800."""
MOST_CELLS = 2000
MOST_TEXT = 2_000_000
"""Characters of drawings that are told of one game."""
BoardShape = Literal["square", "hex"]
PieceKind = Literal["stack", "marker", "territory"]


class ReplayPart(BaseModel):
    """Common to all that is told of a replayed game."""

    model_config = ConfigDict(frozen=True)


class BoardCell(ReplayPart):
    """A cell: how moves name it, and where it lies; on a hex board in axial coordinates."""

    name: str = Field(max_length=40, examples=["0,1,-1"])
    x: int = Field(ge=-1000, le=1000)
    y: int = Field(ge=-1000, le=1000)


class Layout(ReplayPart):
    """The board that every position is drawn on."""

    shape: BoardShape = Field(examples=["hex"])
    cells: list[BoardCell] = Field(max_length=MOST_CELLS)


class BoardPiece(ReplayPart):
    """What lies on a cell. `rings`: of a stack, by whose they are, the top ring first."""

    kind: PieceKind
    seat: int = Field(ge=0, le=3, description="Whose it is; of a stack, whose ring is on top")
    rings: list[int] = Field(default=[], max_length=31)


class CellChange(ReplayPart):
    """What lies on a cell from now on; null: nothing."""

    cell: int = Field(ge=0, lt=MOST_CELLS, description="The cell's place in the layout")
    piece: BoardPiece | None


class SeatStanding(ReplayPart):
    """What a seat has."""

    in_hand: int = Field(description="Rings not yet placed")
    eliminated: int = Field(description="Eliminated rings booked to the seat")
    territory: int = Field(description="Collapsed cells owned")
    stacks: int
    markers: int


class ReplayedMove(ReplayPart):
    """A move, and the position after it as far as it is another one."""

    number: int = Field(ge=0, description="From 1; 0 is the opening, which nobody moved to")
    seat: int | None = Field(description="Who moved; null in the opening")
    action: str = Field(description="The move by its name", examples=["place_ring|0,0,0|1"])
    cells: list[int] = Field(default=[], description="Between which cells, by their place in the layout")
    changes: list[CellChange] = Field(default=[], description="Empty where a game has no board to be drawn")
    seats: list[SeatStanding] = []
    text: str | None = Field(default=None, description="The position as text, of games that are drawn no other way")


class GameReplay(ReplayPart):
    """A recorded game, played again by the rules."""

    configuration: ConfigurationKey
    opponent: OpponentName
    index: int
    seat: int = Field(description="The candidate's seat")
    outcome: Outcome = Field(description="For the candidate, as recorded")
    error: str | None
    layout: Layout | None = Field(description="Null where a game has no board to be drawn")
    opening: ReplayedMove
    moves: list[ReplayedMove]
    scores: list[float] | None = Field(
        description="By seat, the share of opponents that it outranks; null without an end"
    )
    fault: str | None = Field(description="Why it is not the game that was recorded, or not all of it; null if it is")
