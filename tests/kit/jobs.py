"""Plans of evaluations, jobs, checkpoints and players for the tests of those who play."""

from __future__ import annotations

import atexit
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from uuid import UUID

import numpy as np
import torch

from play.counting import Result
from play.games.game import Game, Int64s, Moves, States
from play.games.registry import get_game
from play.games.ringrift.observe import plane_names
from play.models.architectures.registry import build_network
from play.models.confined.host import ModelHost
from play.models.model_file import ModelFile
from play.players.player import PlayerError
from play.players.random import RandomPlayer
from play.record import PlayedGame
from services.gauntlet.course import Blocks, Course
from services.gauntlet.evaluation import Evaluation
from services.gauntlet.worker.gauntlet import GameGauntlet
from services.gauntlet.worker.job import GamesPlayed, Job, JobFailed, WorkerMessage
from services.gauntlet.worker.models import OpenModels
from services.gauntlet.worker.work import CountedGames, ModelReference, Work
from shared.contract.configuration import Configuration
from shared.contract.evidence import CanonicalReference
from shared.contract.judging import Tally
from shared.contract.policy import GatePolicy, PlayPolicy
from shared.contract.words import MOST_GAMES, OPPONENTS, BoardType, EvaluationState, OpponentName
from tests.kit.checkpoints import save_checkpoint

SEED, LANES = 7, 8
LOADED_ONLY = None
"""As the blocks of a job: its model is loaded, and nothing is played."""


def tiny_checkpoint(path: Path, seed: int = 0) -> Path:
    """An untrained network for hex8 with two players."""
    game = get_game("hex8", 2)
    parameters = {"hidden": 8, "layers": 1}
    torch.manual_seed(seed)
    network = build_network("mlp", parameters, game)
    save_checkpoint(path, network, game, "mlp", parameters, version="1", trained_at=datetime(2026, 1, 1, tzinfo=UTC))
    return path


def breaking_checkpoint(path: Path) -> Path:
    """A network for hex8 with two players that overflows when the mover has two markers: it loads, and crashes in its games."""
    game, parameters = get_game("hex8", 2), {"hidden": 8, "layers": 1}
    torch.manual_seed(0)
    network = build_network("mlp", parameters, game)
    _, height, width = game.observation_shape
    weights = dict(network.named_parameters())["layers.0.weight"]
    with torch.no_grad():
        weights.view(8, -1, height * width)[0, plane_names(2).index("marker_0")] = 3e38
    save_checkpoint(path, network, game, "mlp", parameters, version="1", trained_at=datetime(2026, 1, 1, tzinfo=UTC))
    return path


@dataclass(frozen=True, kw_only=True)
class Plan:
    """All games of one candidate under one policy, and where its models lie."""

    candidate: ModelFile
    gates: GatePolicy
    previous_file: ModelFile | None = None
    play: PlayPolicy = field(default_factory=PlayPolicy)
    board_type: BoardType = "hex8"
    num_players: int = 2
    seed: int = SEED
    skip_games: bool = False

    @property
    def previous(self) -> CanonicalReference | None:
        """The canonical version that is met."""
        return CanonicalReference(version=1, digest=_digest(self.previous_file)) if self.previous_file else None

    @property
    def evaluation(self) -> Evaluation:
        """As the service knows it while it is played."""
        moment = datetime(2026, 1, 1, tzinfo=UTC)
        return Evaluation(
            id=UUID(int=1), configuration=Configuration(self.board_type, self.num_players), reason="request",
            requested_at=moment, seen_at=moment, started_at=moment, play=self.play, skip_games=self.skip_games,
            state=EvaluationState.RUNNING, gates=self.gates, policy_id=self.gates.id, waits_for=None,
            digest=_digest(self.candidate), size=1, seed=self.seed, previous=self.previous,
        )  # fmt: skip

    def course(self, games: Sequence[PlayedGame] = ()) -> Course:
        """How far it is with these games."""
        recorded: dict[OpponentName, dict[int, Result]] = {}
        for each in games:
            recorded.setdefault(each.opponent, {})[each.index] = Result.of(each)
        return Course(self.evaluation, recorded)

    def job(self, blocks: Blocks | None = LOADED_ONLY, counted: Tally | None = None, lanes: int = LANES) -> Job:
        """A claim of these blocks. `counted`: what is known to count before them."""
        return Job(work=self.work(blocks, counted), candidate=self.candidate, previous=self.previous_file, lanes=lanes)

    def work(self, blocks: Blocks | None = LOADED_ONLY, counted: Tally | None = None) -> Work:
        """What the service says of such a claim."""
        return Work(
            claim_id=UUID(int=2), evaluation_id=UUID(int=1), board_type=self.board_type, num_players=self.num_players,
            candidate=_reference(self.candidate),
            previous=_reference(self.previous_file) if self.previous_file else None,
            gates=self.gates, play=self.play, seed=self.seed, **(blocks._asdict() if blocks else {}),
            counted=CountedGames(histogram=list(counted.histogram), unscored=counted.unscored) if counted else None,
            report_seconds=10, move_seconds=60, game_seconds=600, most_model_bytes=1 << 30,
        )  # fmt: skip


def make_plan(
    candidate: Path | ModelFile,
    *,
    gates: GatePolicy,
    previous: Path | None = None,
    play: PlayPolicy | None = None,
    skip_games: bool = False,
) -> Plan:
    """An evaluation for hex8 with two players."""
    return Plan(
        candidate=candidate if isinstance(candidate, ModelFile) else ModelFile(path=candidate),
        previous_file=ModelFile(path=previous) if previous else None,
        gates=gates,
        play=play or PlayPolicy(),
        skip_games=skip_games,
    )


def make_job(candidate: Path | ModelFile, blocks: Blocks | None = LOADED_ONLY) -> Job:
    """A job for hex8 with two players."""
    return make_plan(candidate, gates=GatePolicy(games=2)).job(blocks)


@cache
def open_models() -> OpenModels:
    """The models of this process, as a worker has them: the host of all of them takes seconds to start."""
    host = ModelHost()
    atexit.register(host.close)
    return OpenModels(host)


def messages_of(job: Job, models: OpenModels | None = None) -> list[WorkerMessage]:
    """All that the job's gauntlet says."""
    return list(GameGauntlet(job, models or open_models()).run())


def games_in(messages: Sequence[WorkerMessage]) -> list[PlayedGame]:
    """The games among what a worker said, as they came; fails if the job did."""
    assert not any(isinstance(each, JobFailed) for each in messages), messages
    return [game for each in messages if isinstance(each, GamesPlayed) for game in each.games]


def games_of(plan: Plan, *, lanes: int = LANES, most_games: int = MOST_GAMES) -> list[PlayedGame]:
    """The games that count, in schedule order: claimed in pieces of at most so many games, until no more are wanted."""
    games: list[PlayedGame] = []
    while (blocks := (course := plan.course(games)).next_blocks([], most_games, MOST_GAMES)) is not None:
        counted = course.counted(blocks.opponent)
        tells = counted.games == 0 or plan.gates.mode == "exact"
        known = counted if tells and counted.games == blocks.first else None
        games += games_in(messages_of(plan.job(blocks, known, lanes)))
    surplus = set(course.surplus)
    counting = [each for each in games if (each.opponent, each.index) not in surplus]
    return sorted(counting, key=lambda each: (OPPONENTS.index(each.opponent), each.index))


def _digest(file: ModelFile) -> str:
    """Stands for the SHA-256 of its bytes, which may be no model's, or not there."""
    return hashlib.sha256(str(file.path).encode()).hexdigest()


def _reference(file: ModelFile) -> ModelReference:
    return ModelReference(
        digest=_digest(file), name=file.title, architecture=file.architecture, parameters=file.parameters
    )


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
