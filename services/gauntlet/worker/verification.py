"""A verification job: the models are loaded, and the recorded games checked and played again. It keeps nothing."""

from __future__ import annotations

from play.games.registry import get_game
from play.models.formats.format import CheckpointError
from play.models.formats.registry import load_model
from play.models.model_file import ModelFile
from play.models.network import NetworkEvaluator
from play.players.player import Player
from play.players.registry import make_opponent
from play.verification.report import verify
from services.gauntlet.worker.job import JobFailed, VerificationJob, Verified
from services.gauntlet.worker.players import network_player
from shared.contract.words import OpponentName


def run(job: VerificationJob) -> Verified | JobFailed:
    """The verification, or why it cannot be made: a model that is not there any more."""
    game = get_game(job.board_type, job.num_players, job.evidence.play.rules_profile)

    def player(file: ModelFile | None) -> Player:
        if file is None:
            raise CheckpointError("the evidence names a previous version, and there is no file of it")
        return network_player(NetworkEvaluator(load_model(file, game).network, game), job.evidence.play)

    def players(opponent: OpponentName) -> tuple[Player, Player]:
        return player(job.candidate), make_opponent(opponent, game, lambda: player(job.previous_file))

    try:
        return Verified(verification=verify(game, job.evidence, job.played, players, job.sample, job.seed))
    except CheckpointError as error:
        return JobFailed(code="model_not_found", reason=str(error))
