"""Jobs, checkpoints and players for the tests of the arena."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import numpy as np
import torch

from play.games.game import Game, Int64s, Moves, States
from play.games.registry import get_game
from play.models.architectures.registry import build_network
from play.models.model_file import ModelFile
from play.players.player import PlayerError
from play.players.random import RandomPlayer
from play.record import PlayedGame
from services.gauntlet.worker.gauntlet import GameGauntlet
from services.gauntlet.worker.job import GamesPlayed, Job
from shared.contract.evidence import CanonicalReference
from shared.contract.policy import GatePolicy, PlayPolicy
from tests.kit.checkpoints import save_checkpoint

PREVIOUS = CanonicalReference(version=1, digest="0" * 64)


def tiny_checkpoint(path: Path, seed: int = 0) -> Path:
    """An untrained network for hex8 with two players."""
    game = get_game("hex8", 2)
    parameters = {"hidden": 8, "layers": 1}
    torch.manual_seed(seed)
    network = build_network("mlp", parameters, game)
    save_checkpoint(path, network, game, "mlp", parameters, version="1", trained_at=datetime(2026, 1, 1, tzinfo=UTC))
    return path


def make_job(
    candidate: Path | ModelFile,
    *,
    gates: GatePolicy,
    lanes: int = 8,
    previous: Path | None = None,
    skip_games: bool = False,
    played: list[PlayedGame] | None = None,
) -> Job:
    """A job for hex8 with two players."""
    return Job(
        evaluation_id=UUID(int=1),
        board_type="hex8",
        num_players=2,
        candidate=candidate if isinstance(candidate, ModelFile) else ModelFile(path=candidate),
        previous=PREVIOUS if previous else None,
        previous_file=ModelFile(path=previous) if previous else None,
        gates=gates,
        play=PlayPolicy(),
        seed=7,
        lanes=lanes,
        skip_games=skip_games,
        played=played or [],
    )


def games_of(job: Job) -> list[PlayedGame]:
    """Every game that the job's gauntlet reports."""
    return [game for message in GameGauntlet(job).run() if isinstance(message, GamesPlayed) for game in message.games]


class FailingPlayer:
    """Moves at random, and has no move in the games of some seeds from a decision on."""

    name = "failing"

    def __init__(self, games: set[int], after: int) -> None:
        self._games = games
        self._after = after
        self._asked = 0
        self._random = RandomPlayer()

    def choose(self, game: Game, states: States, which: Int64s, moves: Moves) -> Int64s:
        """int64[K], as `Player.choose`."""
        self._asked += 1
        failing = np.array([index for index in which if int(index) in self._games], np.int64)
        if self._asked > self._after and len(failing):
            raise PlayerError(failing, "out of order")
        return self._random.choose(game, states, which, moves)
