"""Plays the game of a crash again, by its models in confined processes. It keeps nothing."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from play.games.game import Game
from play.models.confined.errors import ConfinedError
from play.models.confined.host import MOVE_SECONDS, ModelHost
from play.models.formats.format import CheckpointError
from play.models.model_file import ModelFile
from play.players.player import Player
from play.players.registry import make_opponent
from play.record import PlayedGame
from play.reproduction import Reproduction, reproduce
from play.schedule import PlannedGame
from services.gauntlet.worker.players import network_player
from shared.contract.policy import PlayPolicy
from shared.contract.words import OpponentName

_NOWHERE = PlayedGame(
    opponent="random", index=0, seed=0, opening_seed=0, seat=0, outcome="truncated", units=None, decisions=0,
    network_evaluations=0, moves="",
)  # fmt: skip


class CrashedGame(BaseModel):
    """Which game crashed, and after how many moves; without an opponent, none: the model was being read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    opponent: OpponentName | None
    index: int | None
    seed: int | None
    opening_seed: int | None
    seat: int | None
    decisions: int | None

    @property
    def plan(self) -> PlannedGame | None:
        """As the schedule had it; None without a game."""
        opponent, index, seed, opening, seat = self.opponent, self.index, self.seed, self.opening_seed, self.seat
        if opponent is None or index is None or seed is None or opening is None or seat is None:
            return None
        return PlannedGame(opponent, index, seed, opening, seat)


def play_again(
    host: ModelHost, game: Game, play: PlayPolicy, crashed: CrashedGame, candidate: ModelFile, canonical: Path | None
) -> Reproduction:
    """What comes of it. CheckpointError for a model that cannot be read, ValueError for an opponent that the game does not have."""
    with ExitStack() as opened:

        def player(file: ModelFile | Path | None) -> Player:
            if file is None:
                raise CheckpointError("a canonical version played, and there is no file of it")
            model = host.open(file, game, seconds=MOVE_SECONDS, autocast=play.autocast)
            return network_player(opened.enter_context(model), play)

        try:
            ours, plan = player(candidate), crashed.plan
            if plan is None:
                return Reproduction(_NOWHERE)
            theirs = make_opponent(plan.opponent, game, lambda: player(canonical))
        except ConfinedError as error:
            return Reproduction(_NOWHERE, str(error), error.words)
        return reproduce(game, ours, theirs, plan, play.opening_plies, crashed.decisions)
