"""One job's games: the candidate meets one opponent in some blocks of its schedule, until all have ended or their gate is decided.

It plays and stops; which games are wanted, and promoting, are not its business. It keeps nothing but loaded models.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from play.arena import Arena
from play.counting import Result
from play.games.game import Game
from play.games.registry import get_game
from play.models.confined.errors import ConfinedError, ModelTooSlowError
from play.models.confined.model import ConfinedModel
from play.models.engine import fingerprint
from play.models.formats.format import CheckpointError, CheckpointMissingError, shown
from play.models.model_file import ModelFile
from play.players.player import Player, PlayerError
from play.players.registry import make_opponent
from play.record import PlayedGame
from play.schedule import plan_games
from services.gauntlet.prefix import Prefix
from services.gauntlet.worker import dossier
from services.gauntlet.worker.crash import MOST_OF_A_CLAIM
from services.gauntlet.worker.job import Crashed, GamesPlayed, Job, JobDone, JobFailed, ModelLoaded, WorkerMessage
from services.gauntlet.worker.models import OpenModels
from services.gauntlet.worker.players import network_player
from services.gauntlet.worker.work import CountedGames, ModelReference, Work
from shared.contract.judging import Tally
from shared.contract.words import OpponentName


class _Failed(Exception):
    """The job can never be done; `message` says why."""

    def __init__(self, message: JobFailed) -> None:
        super().__init__(message.reason)
        self.message = message


@dataclass
class Spent:
    """What a job has cost so far. `surplus`: games that were begun or ended in vain."""

    surplus: int = 0


class GameGauntlet:
    """One job. `is_stopped`: whether its games are not wanted any more; `cpu_clock` and `wall_clock` give seconds."""

    def __init__(
        self,
        job: Job,
        models: OpenModels,
        is_stopped: Callable[[], bool] = lambda: False,
        *,
        cpu_clock: Callable[[], float] = time.process_time,
        wall_clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._job, self._work, self._models, self._is_stopped = job, job.work, models, is_stopped
        self._cpu_clock, self._wall_clock = cpu_clock, wall_clock
        self._arena: Arena | None = None
        self._canonical: ConfinedModel | None = None
        self._crashes = 0
        self._begun_at = self._cost()

    def run(self) -> Iterator[WorkerMessage]:
        """The model, then whole blocks of games as they end, then done; or failed, as the last message."""
        spent, halved_to = Spent(), self._models.halved_to
        try:
            loaded = self._load_candidate()
            yield ModelLoaded(model=loaded.metadata, confinement=self._models.host.level.name)
            if self._work.opponent is not None:
                yield from self._meet(loaded, self._work.opponent, spent)
        except _Failed as failed:
            yield failed.message
            return
        except ConfinedError as error:
            yield Crashed(crash=dossier.of_lost(self._game, self._arena.asked() if self._arena else [], error))
            self._models.close_lost()
            yield _lost(error)
            return
        cpu_seconds, forward_seconds = self._spent_so_far()
        yield JobDone(
            cpu_seconds=cpu_seconds,
            forward_seconds=forward_seconds,
            surplus_games=spent.surplus,
            peak_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            halved_to=self._models.halved_to if self._models.halved_to != halved_to else None,
        )

    @cached_property
    def _game(self) -> Game:
        work = self._work
        try:
            return get_game(work.board_type, work.num_players, work.play.rules_profile)
        except ValueError as error:
            raise _Failed(JobFailed(code="model_invalid", reason=shown(str(error), 400))) from error

    def _meet(self, loaded: ConfinedModel, name: OpponentName, spent: Spent) -> Iterator[GamesPlayed | Crashed]:
        opponent = make_opponent(name, self._game, self._previous_player)
        work = self._work
        planned = plan_games(work.seed, name, work.first + work.games, work.num_players, work.first)
        arena = Arena(self._game, self._player(loaded), opponent, planned, work.play.opening_plies, self._engine())
        self._arena = arena
        match = Match(work, name)
        since = self._wall_clock()
        for ended in arena.play(self._job.lanes):
            since = self._wall_clock() if ended else self._in_time(since, match)
            yield from self._crashed(ended, loaded)
            if blocks := match.take(ended):
                cpu_seconds, forward_seconds = self._spent_so_far()
                yield GamesPlayed(games=blocks, cpu_seconds=cpu_seconds, forward_seconds=forward_seconds)
            if match.is_decided or self._is_stopped():
                spent.surplus = arena.begun - match.counted_games
                return

    def _crashed(self, ended: list[PlayedGame], candidate: ConfinedModel) -> Iterator[Crashed]:
        """The dossiers of the first games that errored."""
        for each in ended:
            if each.error is None or self._crashes >= MOST_OF_A_CLAIM:
                continue
            self._crashes += 1
            failed = candidate if each.error.startswith("candidate") else self._canonical
            yield Crashed(crash=dossier.of_errored(self._game, each, failed.last_words if failed else ""))

    def _engine(self) -> str:
        return fingerprint(self._game, self._models.host.level.engine, autocast=self._work.play.autocast)

    def _cost(self) -> tuple[float, float]:
        """Processor seconds so far, of this process and its models, and those of them that answers of models took."""
        return self._cpu_clock() + self._models.cpu_seconds, self._models.forward_seconds

    def _spent_so_far(self) -> tuple[float, float]:
        """What of that this job has taken."""
        (cpu_seconds, forward_seconds), (cpu_before, forward_before) = self._cost(), self._begun_at
        return cpu_seconds - cpu_before, forward_seconds - forward_before

    def _in_time(self, since: float, match: Match) -> float:
        """The same moment, unless a game should have ended by now."""
        seconds, most = self._wall_clock() - since, self._work.game_seconds
        if seconds > most:
            reason = (
                f"no game ended for {seconds:.0f} s, and {most:g} s is what is allowed (RINGRIFT_GAUNTLET_GAME_SECONDS): "
                f"{self._job.lanes} games at once, {match.taken} games of this claim ended before"
            )
            raise _Failed(JobFailed(code="too_slow", reason=reason))
        return since

    def _previous_player(self) -> Player:
        """The canonical version's. Its faults are not the candidate's."""
        reference, file = self._work.previous, self._job.previous
        try:
            if reference is None or file is None:
                raise CheckpointMissingError("the job names a previous version but no file")
            self._canonical = self._opened(reference, file)
            return self._player(self._canonical)
        except CheckpointError as error:
            reason = f"the previous model cannot be played: {error}"
            raise _Failed(JobFailed(code="internal", reason=reason)) from error

    def _opened(self, reference: ModelReference, file: ModelFile) -> ConfinedModel:
        work = self._work
        return self._models.get(reference, file, self._game, work.move_seconds, autocast=work.play.autocast)

    def _player(self, loaded: ConfinedModel) -> Player:
        try:
            return network_player(loaded, self._work.play)
        except ValueError as error:
            raise _Failed(JobFailed(code="internal", reason=f"the play policy cannot be played: {error}")) from error

    def _load_candidate(self) -> ConfinedModel:
        try:
            loaded = self._opened(self._work.candidate, self._job.candidate)
            self._try_one_choice(self._player(loaded))
        except CheckpointMissingError as error:
            raise _Failed(JobFailed(code="model_not_found", reason=str(error))) from error
        except CheckpointError as error:
            raise _Failed(JobFailed(code="model_invalid", reason=str(error))) from error
        except PlayerError as error:
            reason = f"{shown(self._job.candidate.title, 200)}: it loads, and cannot play: {shown(str(error), 400)}"
            raise _Failed(JobFailed(code="model_invalid", reason=reason)) from error
        return loaded

    def _try_one_choice(self, player: Player) -> None:
        """One forward pass and one choice, so that a model which cannot play is refused before any game."""
        states = self._game.new(np.zeros(1, np.int64))
        which = np.zeros(1, np.int64)
        player.choose(self._game, states, which, self._game.legal_moves(states, which))


def _lost(error: ConfinedError) -> JobFailed:
    """What became of a model that can be asked no more: too slow for good, or lost with its process."""
    if isinstance(error, ModelTooSlowError):
        return JobFailed(code="too_slow", reason=f"{error} (RINGRIFT_GAUNTLET_MOVE_SECONDS)")
    return JobFailed(code="worker_lost", reason=str(error))


def _tally(counted: CountedGames) -> Tally:
    histogram = tuple(counted.histogram)
    return Tally(histogram, histogram, counted.unscored)


class Match:
    """The claimed games against one opponent as they end, and their gate as far as it can be told from here."""

    def __init__(self, work: Work, opponent: OpponentName) -> None:
        self._k = work.num_players
        self._ended: dict[int, PlayedGame] = {}
        self.taken = 0
        self._prefix = Prefix(work.gates, opponent, work.num_players, _tally(work.counted)) if work.counted else None
        self._before = self._prefix.games if self._prefix else 0

    def take(self, ended: list[PlayedGame]) -> list[PlayedGame]:
        """Games that ended; returns those whose whole block has, without what comes after the block that decides the gate."""
        if not ended:
            return []
        self._ended.update({each.index: each for each in ended})
        blocks = {each.index // self._k for each in ended}
        whole = [each for block in sorted(blocks) for each in self._whole(block)]
        if self._prefix is None:
            self.taken += len(whole)
            return whole
        self._prefix.add([Result.of(each) for each in whole])
        wanted = [each for each in whole if not self.is_decided or each.index < self._prefix.games]
        self.taken += len(wanted)
        return wanted

    @property
    def is_decided(self) -> bool:
        """Whether the gate is decided by these games and those before them."""
        return self._prefix is not None and self._prefix.is_decided

    @property
    def counted_games(self) -> int:
        """Of the games that ended, how many are known to count; all, where it cannot be told from here."""
        return self._prefix.games - self._before if self._prefix is not None and self.is_decided else self.taken

    def _whole(self, block: int) -> list[PlayedGame]:
        indices = range(block * self._k, (block + 1) * self._k)
        if not all(index in self._ended for index in indices):
            return []
        return [self._ended.pop(index) for index in indices]
