"""The crash dossier: what is known of a game that errored, or of a worker or a model's process that was lost. It judges nothing.

Texts are of whatever a model or a library wrote: whoever shows them spells out what would steer a terminal.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from play.record import BASE64, MOST_INTEGER, PlayedGame
from play.schedule import PlannedGame
from shared.contract.words import MOST_ID, STORABLE, CrashKind, OpponentName, Reason

MOST_STDERR = 8192
MOST_MOVES = 60_000
"""Characters of a game's moves; of a longer one the notation is left out, and it is played again by its place alone."""
MOST_OF_A_CLAIM, MOST_KEPT = 4, 10
"""Dossiers that a worker tells of one claim, and that are kept with an evaluation: the first ones."""
Seed = Annotated[int, Field(ge=0, le=MOST_ID)]


class Crash(BaseModel):
    """What crashed, in which game and where in it. Without a game, while a model was read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: CrashKind
    reason: Reason
    stderr: str = Field(
        default="", max_length=MOST_STDERR, pattern=STORABLE, description="The last 8 KiB that the process wrote there"
    )
    opponent: OpponentName | None = None
    index: int | None = Field(
        default=None, ge=0, le=MOST_INTEGER, description="The game's place in the schedule of its opponent"
    )
    seed: Seed | None = None
    opening_seed: Seed | None = None
    seat: int | None = Field(default=None, ge=0, le=3, description="The candidate's, 0-based")
    decisions: int | None = Field(
        default=None, ge=0, le=MOST_INTEGER, description="Moves that were made; null where whoever knew them is gone"
    )
    moves: str | None = Field(
        default=None, max_length=MOST_MOVES, pattern=BASE64, description="These moves, as recorded games have them"
    )
    notation: str | None = Field(
        default=None, max_length=MOST_MOVES, pattern=STORABLE, description="These moves by name, each on a line"
    )
    engine: str | None = Field(default=None, max_length=300, pattern=STORABLE, description="What played it")

    def at(self, plan: PlannedGame) -> Crash:
        """The same in a game of the schedule."""
        place = {"opponent": plan.opponent, "index": plan.index, "seed": plan.seed}
        return self.model_copy(update={**place, "opening_seed": plan.opening_seed, "seat": plan.seat})

    def after(self, played: PlayedGame, notation: str) -> Crash:
        """The same after the moves of a game, which are these by name; as far as they are not too long."""
        known = {"decisions": played.decisions, "engine": played.engine}
        if max(len(played.moves), len(notation)) <= MOST_MOVES:
            known |= {"moves": played.moves, "notation": notation}
        return self.at(PlannedGame.of(played)).model_copy(update=known)
