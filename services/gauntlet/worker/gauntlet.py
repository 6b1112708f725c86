"""The gauntlet of one job: the candidate meets its opponents, cheapest verdict first, until a gate fails or all pass.

It plays and stops; promoting is not its business. It keeps nothing: what was played comes in with the job, what is
played goes out as messages.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping

import numpy as np

from play.arena import Arena
from play.engine import fingerprint
from play.games.game import Game
from play.games.registry import get_game
from play.models.formats.format import Checkpoint, CheckpointError, CheckpointMissingError, shown
from play.models.formats.registry import load_model
from play.models.model_file import ModelFile
from play.models.network import NetworkEvaluator
from play.players.player import Player, PlayerError
from play.players.registry import make_opponent
from play.record import PlayedGame
from play.schedule import PlannedGame, plan_games
from services.gauntlet.worker.forward_clock import ForwardClock
from services.gauntlet.worker.job import GamesPlayed, Job, JobDone, JobFailed, ModelLoaded, WorkerMessage
from services.gauntlet.worker.players import network_player
from shared.contract.evidence import opponents_to_meet
from shared.contract.gate import exact_gate
from shared.contract.words import OPPONENTS, GateVerdict, OpponentName


class _Failed(Exception):
    """The job can never be done; `message` says why."""

    def __init__(self, message: JobFailed) -> None:
        super().__init__(message.reason)
        self.message = message


class GameGauntlet:
    """One job's games. `cpu_clock` and `wall_clock` give seconds."""

    def __init__(
        self,
        job: Job,
        *,
        cpu_clock: Callable[[], float] = time.process_time,
        wall_clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._job = job
        self._game: Game = get_game(job.board_type, job.num_players, job.play.rules_profile)
        self._cpu_clock = cpu_clock
        self._forward = ForwardClock(wall_clock)

    def run(self) -> Iterator[WorkerMessage]:
        """The model, then whole blocks of games in schedule order, then done; or failed, as the last message."""
        started = self._cpu_clock()
        try:
            checkpoint = self._load_candidate()
            yield ModelLoaded(model=checkpoint.metadata)
            if not self._job.skip_games:
                yield from self._meet_all(self._player(checkpoint))
        except _Failed as failed:
            yield failed.message
            return
        yield JobDone(cpu_seconds=self._cpu_clock() - started, network_seconds=self._forward.seconds)

    def _meet_all(self, candidate: Player) -> Iterator[GamesPlayed]:
        """Every opponent in turn; none after a failed gate."""
        played = {name: recorded_prefix(self._job, name) for name in OPPONENTS}
        for name, opponent in self._opponents().items():
            match = Match(self._job, name, played[name])
            yield from match.play(self._game, candidate, opponent)
            if match.verdict is not GateVerdict.PASSED:
                return

    def _opponents(self) -> Mapping[OpponentName, Player]:
        met = opponents_to_meet(self._job.previous)
        return {name: make_opponent(name, self._game, self._previous_player) for name in met}

    def _previous_player(self) -> Player:
        return self._player(self._load_previous())

    def _player(self, checkpoint: Checkpoint) -> Player:
        try:
            return network_player(NetworkEvaluator(checkpoint.network, self._game), self._job.play)
        except ValueError as error:
            raise _Failed(JobFailed(code="internal", reason=f"the play policy cannot be played: {error}")) from error

    def _load_candidate(self) -> Checkpoint:
        try:
            checkpoint = self._load(self._job.candidate)
            self._try_one_choice(checkpoint)
        except CheckpointMissingError as error:
            raise _Failed(JobFailed(code="model_not_found", reason=str(error))) from error
        except CheckpointError as error:
            raise _Failed(JobFailed(code="model_invalid", reason=str(error))) from error
        except PlayerError as error:
            reason = f"{shown(self._job.candidate.title, 200)}: it loads, and cannot play: {shown(str(error), 400)}"
            raise _Failed(JobFailed(code="model_invalid", reason=reason)) from error
        return checkpoint

    def _load_previous(self) -> Checkpoint:
        """The canonical version's checkpoint. Its faults are not the candidate's."""
        file = self._job.previous_file
        try:
            if file is None:
                raise CheckpointMissingError("the job names a previous version but no file")
            return self._load(file)
        except CheckpointError as error:
            reason = f"the previous model cannot be played: {error}"
            raise _Failed(JobFailed(code="internal", reason=reason)) from error

    def _load(self, file: ModelFile) -> Checkpoint:
        checkpoint = load_model(file, self._game)
        self._forward.watch(checkpoint.network)
        return checkpoint

    def _try_one_choice(self, checkpoint: Checkpoint) -> None:
        """One forward pass and one choice, so that a model which cannot play is refused before any game."""
        states = self._game.new(np.zeros(1, np.int64))
        which = np.zeros(1, np.int64)
        moves = self._game.legal_moves(states, which)
        self._player(checkpoint).choose(self._game, states, which, moves)


def recorded_prefix(job: Job, opponent: OpponentName) -> list[PlayedGame]:
    """The job's recorded games against one opponent, in order. They must be the first whole blocks of its schedule."""
    games = sorted((each for each in job.played if each.opponent == opponent), key=lambda each: each.index)
    planned = plan_games(job.seed, opponent, job.gates.games_planned(job.num_players), job.num_players)
    if [PlannedGame.of(each) for each in games] != planned[: len(games)] or len(games) % job.num_players:
        reason = f"the {len(games)} recorded games against {opponent} are not the first whole blocks of its schedule"
        raise _Failed(JobFailed(code="internal", reason=reason))
    return games


class Match:
    """One opponent's schedule and what is known of its gate."""

    def __init__(self, job: Job, opponent: OpponentName, recorded: list[PlayedGame]) -> None:
        self._job = job
        self._planned = plan_games(job.seed, opponent, job.gates.games_planned(job.num_players), job.num_players)
        self._threshold = job.gates.threshold(opponent)
        self._units = 0
        self._games = 0
        self.verdict = self._judge()
        for start in range(0, len(recorded), job.num_players):
            self._count(recorded[start : start + job.num_players])

    def play(self, game: Game, candidate: Player, opponent: Player) -> Iterator[GamesPlayed]:
        """The blocks still needed, as soon as all before them are complete. Games past the deciding block are dropped."""
        if self.verdict is not GateVerdict.UNDECIDED:
            return
        rest = self._planned[self._games :]
        arena = Arena(game, candidate, opponent, rest, self._job.play.opening_plies, fingerprint(game))
        finished: dict[int, PlayedGame] = {}
        for ended in arena.play(self._job.lanes):
            finished.update({each.index: each for each in ended})
            ready = self._take_ready(finished)
            if ready:
                yield GamesPlayed(games=ready)
            if self.verdict is not GateVerdict.UNDECIDED:
                return

    def _take_ready(self, finished: dict[int, PlayedGame]) -> list[PlayedGame]:
        """Count the complete blocks that follow what is counted, up to the one that decides the gate."""
        ready: list[PlayedGame] = []
        while self.verdict is GateVerdict.UNDECIDED:
            block = self._planned[self._games : self._games + self._job.num_players]
            if not block or not all(each.index in finished for each in block):
                break
            ready += self._count([finished.pop(each.index) for each in block])
        return ready

    def _count(self, block: list[PlayedGame]) -> list[PlayedGame]:
        self._games += len(block)
        self._units += sum(each.units or 0 for each in block)
        self.verdict = self._judge()
        return block

    def _judge(self) -> GateVerdict:
        return exact_gate(self._units, self._games, len(self._planned), self._job.num_players, self._threshold)
