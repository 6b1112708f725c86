"""What is kept of a game that was played: enough to count it and to play it again. Plays nothing itself."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Self
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.contract.configuration import Configuration
from shared.contract.words import MOST_ID, STORABLE, ConfigurationKey, OpponentName, Outcome, RulesProfile

MOST_CHARACTERS = 1 << 22
MOST_INTEGER = 2**31 - 1
"""What the columns hold."""
BASE64 = r"^[A-Za-z0-9+/]*={0,2}$"


class PlayedGame(BaseModel):
    """One planned game and how it ended. `index` is its place in the schedule of its opponent."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    opponent: OpponentName
    index: int = Field(ge=0, le=MOST_INTEGER)
    seed: int = Field(ge=0, le=MOST_ID)
    opening_seed: int = Field(
        ge=0, le=MOST_ID, description="Shared by the games of one block, which play it from every seat"
    )
    seat: int = Field(ge=0, le=3, description="The candidate's seat, 0-based")
    outcome: Outcome
    units: int | None = Field(ge=0, le=MOST_INTEGER, description="Score in units of 1/(2(k-1)); None without a score")
    decisions: int = Field(ge=0, le=MOST_INTEGER)
    network_evaluations: int = Field(ge=0, le=MOST_ID)
    moves: str = Field(
        max_length=MOST_CHARACTERS,
        pattern=BASE64,
        description="Every decision's move row, int16 little-endian, base64; enough to replay the game",
    )
    error: str | None = Field(default=None, max_length=MOST_CHARACTERS, pattern=STORABLE)
    engine: str | None = Field(
        default=None,
        max_length=300,
        pattern=STORABLE,
        description="What played it; null in games from before this was kept",
    )


class GameRecord(PlayedGame):
    """A played game that says by itself which evaluation it belongs to, and by which rules it was played."""

    evaluation_id: UUID
    configuration: ConfigurationKey
    profile: RulesProfile = Field(description="The rules profile")

    @classmethod
    def of(cls, game: PlayedGame, evaluation_id: UUID, configuration: Configuration, profile: RulesProfile) -> Self:
        """A game of an evaluation."""
        said = {"evaluation_id": evaluation_id, "configuration": str(configuration), "profile": profile}
        return cls.model_validate({**game.model_dump(), **said})

    @model_validator(mode="after")
    def _has_its_seat(self) -> Self:
        if self.seat >= Configuration.parse(self.configuration).num_players:
            raise ValueError(f"seat {self.seat} of {self.configuration}: seats are counted from 0")
        return self


class MoveLog:
    """The decisions of several games, as they are made. `counts`: int64[games], how many of each."""

    def __init__(self, games: int) -> None:
        self.counts = np.zeros(games, np.int64)
        self._rows = np.empty((games, 64, 4), np.int16)

    def add(self, which: NDArray[np.int64], rows: NDArray[np.int16]) -> None:
        """One more decision in each of the named games."""
        if len(which) and self.counts[which].max() == self._rows.shape[1]:
            self._rows = np.concatenate([self._rows, np.empty_like(self._rows)], axis=1)
        self._rows[which, self.counts[which]] = rows
        self.counts[which] += 1

    def of(self, index: int) -> NDArray[np.int16]:
        """int16[decisions, 4]: those of one game."""
        return self._rows[index, : self.counts[index]]


def encode_rows(rows: Sequence[NDArray[np.int16]] | NDArray[np.int16]) -> str:
    """Move rows as `PlayedGame.moves`: int16 little-endian, base64."""
    return base64.b64encode(np.array(rows, "<i2").tobytes()).decode()


def decode_rows(moves: str) -> NDArray[np.int16]:
    """int16[decisions, 4]: the rows that `encode_rows` wrote. ValueError if they are none."""
    return np.frombuffer(base64.b64decode(moves, validate=True), "<i2").reshape(-1, 4).astype(np.int16)
