"""What is kept of a game that was played: enough to count it and to play it again. Plays nothing itself."""

from __future__ import annotations

import base64
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from shared.contract.words import OpponentName, Outcome


class PlayedGame(BaseModel):
    """One planned game and how it ended. `index` is its place in the schedule of its opponent."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    opponent: OpponentName
    index: int = Field(ge=0)
    seed: int = Field(ge=0)
    opening_seed: int = Field(ge=0, description="Shared by the games of one block, which play it from every seat")
    seat: int = Field(ge=0, le=3, description="The candidate's seat, 0-based")
    outcome: Outcome
    units: int | None = Field(description="Score in units of 1/(2(k-1)); None without a score")
    decisions: int = Field(ge=0)
    network_evaluations: int = Field(ge=0)
    moves: str = Field(description="Every decision's move row, int16 little-endian, base64; enough to replay the game")
    error: str | None = None
    engine: str | None = Field(
        default=None, max_length=300, description="What played it; null in games from before this was kept"
    )


def encode_rows(rows: Sequence[NDArray[np.int16]]) -> str:
    """Move rows as `PlayedGame.moves`: int16 little-endian, base64."""
    return base64.b64encode(np.array(rows, "<i2").tobytes()).decode()


def decode_rows(moves: str) -> NDArray[np.int16]:
    """int16[decisions, 4]: the rows that `encode_rows` wrote. ValueError if they are none."""
    return np.frombuffer(base64.b64decode(moves, validate=True), "<i2").reshape(-1, 4).astype(np.int16)
