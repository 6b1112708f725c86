"""Finished evaluations to verify: games that were really played, and ways to tamper with them."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from play.arena import score_of
from play.counting import Result, count
from play.games.game import Game
from play.games.registry import get_game
from play.models.formats.registry import load_model
from play.models.model_file import ModelFile
from play.models.network import NetworkEvaluator
from play.players.player import Player
from play.players.registry import make_opponent
from play.record import PlayedGame, decode_rows, encode_rows
from play.verification.findings import Verification
from play.verification.report import verify
from services.gauntlet.worker.job import Job
from services.gauntlet.worker.players import network_player
from shared.contract.evidence import Evidence
from shared.contract.gate import units_per_game
from shared.contract.policy import GatePolicy, PlayPolicy
from shared.contract.words import OpponentName
from tests.kit.jobs import games_of, make_job

DEMO = Path(__file__).resolve().parents[3] / "models" / "demo"


@dataclass(frozen=True)
class Finished:
    """An evaluation that has ended. `games`: as its rows say."""

    job: Job
    game: Game
    evidence: Evidence
    games: tuple[PlayedGame, ...]

    def with_games(self, games: Sequence[PlayedGame]) -> "Finished":
        """With these rows, and evidence that was counted from them."""
        return replace(self, games=tuple(games), evidence=evidence_of(self.job, games))

    def verified(self, sample: int | None = None) -> Verification:
        """What verification says."""
        return verify(self.game, self.evidence, self.games, self.players, sample, seed=5)

    def players(self, opponent: OpponentName) -> tuple[Player, Player]:
        """Candidate and opponent."""
        return self._network(self.job.candidate), make_opponent(
            opponent, self.game, lambda: self._network(self.job.previous_file)
        )

    def _network(self, file: ModelFile | None) -> Player:
        assert file is not None
        return network_player(NetworkEvaluator(load_model(file, self.game).network, self.game), self.job.play)


def finished(*, games: int, play: PlayPolicy | None = None, lanes: int = 32) -> Finished:
    """An evaluation of the trained demo model that passes every gate, under the runbook's thresholds."""
    candidate, previous = (DEMO / f"hex8_2p_{name}.pth" for name in ("trained", "untrained"))
    job = make_job(candidate, gates=GatePolicy(games=games), previous=previous, lanes=lanes)
    job = job.model_copy(update={"play": play or job.play})
    played = games_of(job)
    return Finished(job, get_game("hex8", 2), evidence_of(job, played), tuple(played))


def evidence_of(job: Job, played: Sequence[PlayedGame]) -> Evidence:
    """As the service counts it."""
    planned, results = job.gates.games_planned(2), [Result.of(each) for each in played]
    met: tuple[OpponentName, ...] = ("random", "heuristic", "previous")
    return Evidence(
        seed=job.seed,
        policy_id=job.gates.id,
        gates=job.gates,
        play=job.play,
        previous=job.previous,
        opponents=[count(name, planned, 2, results) for name in met],
        duration_seconds=1.0,
        cpu_seconds=1.0,
    )


def turned(played: PlayedGame) -> PlayedGame:
    """The same moves with the opposite result."""
    units = units_per_game(2) - (played.units or 0)
    outcome = {"win": "loss", "loss": "win"}.get(played.outcome, "win")
    return played.model_copy(update={"outcome": outcome, "units": units if outcome != "win" else units_per_game(2)})


def with_another_course(game: Game, played: PlayedGame, at: int) -> PlayedGame:
    """A legal game that leaves the recorded one at a decision and goes on at random, with the result that it has."""
    which, chance = np.zeros(1, np.int64), random.Random(at)
    states, rows = game.new(np.array([played.seed], np.int64)), list(decode_rows(played.moves)[:at])
    for row in rows:
        game.apply(states, which, row[np.newaxis])
    recorded = decode_rows(played.moves)[at]
    while not game.over(states)[0] and len(rows) < game.max_decisions:
        legal = [row for row in game.legal_moves(states, which).rows if len(rows) > at or (row != recorded).any()]
        if not legal:
            raise ValueError(f"there is only one move at decision {at}")
        rows.append(chance.choice(legal))
        game.apply(states, which, rows[-1][np.newaxis])
    outcome, units = score_of(game, states, 0, played.seat)
    moved = {"outcome": outcome, "units": units, "decisions": len(rows), "moves": encode_rows(rows)}
    return played.model_copy(update=moved)
