"""A verification job: the models are opened, and the recorded games checked and played again. It keeps nothing."""

from __future__ import annotations

from contextlib import ExitStack

from play.games.game import Game
from play.games.registry import get_game
from play.models.confined.errors import ConfinedError
from play.models.confined.host import ModelHost
from play.models.engine import fingerprint
from play.models.formats.format import CheckpointError
from play.models.model_file import ModelFile
from play.players.player import Player
from play.players.registry import make_opponent
from play.verification.report import verify
from services.gauntlet.worker.job import JobFailed, VerificationJob, Verified
from services.gauntlet.worker.players import network_player
from shared.contract.words import OpponentName

LOAD_SECONDS = 300.0


def run(job: VerificationJob, host: ModelHost) -> Verified | JobFailed:
    """The verification, or why it cannot be made: a model that is not there any more, or that fails."""
    try:
        game = get_game(job.board_type, job.num_players, job.evidence.play.rules_profile)
    except ValueError as error:
        return JobFailed(code="model_not_found", reason=str(error))
    with ExitStack() as opened:
        players = _Players(job, game, host, opened)
        engine = fingerprint(game, host.level.engine, autocast=job.evidence.play.autocast)
        try:
            found = verify(game, job.evidence, job.played, players.of, job.sample, job.seed, engine)
        except (CheckpointError, ConfinedError) as error:
            return JobFailed(code="model_not_found", reason=str(error))
    return Verified(verification=found)


class _Players:
    """Who played the games of an evaluation. Models stay open as long as `opened` does."""

    def __init__(self, job: VerificationJob, game: Game, host: ModelHost, opened: ExitStack) -> None:
        self._job, self._game, self._host, self._opened = job, game, host, opened

    def of(self, opponent: OpponentName) -> tuple[Player, Player]:
        """Candidate and opponent."""
        candidate = self._player(self._job.candidate)
        return candidate, make_opponent(opponent, self._game, lambda: self._player(self._job.canonical.get(opponent)))

    def _player(self, file: ModelFile | None) -> Player:
        if file is None:
            raise CheckpointError("the evidence names a canonical version, and there is no file of it")
        play = self._job.evidence.play
        model = self._host.open(file, self._game, seconds=LOAD_SECONDS, autocast=play.autocast)
        return network_player(self._opened.enter_context(model), play)
