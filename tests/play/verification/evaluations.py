"""Finished evaluations to verify: games that were really played, and ways to tamper with them."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from play.arena import score_of
from play.counting import Result, count
from play.games.game import Game
from play.games.registry import get_game
from play.models.engine import fingerprint
from play.models.formats.registry import load_model
from play.models.model_file import ModelFile
from play.models.network import NetworkEvaluator
from play.players.player import Player
from play.players.registry import make_opponent
from play.record import PlayedGame, decode_rows, encode_rows
from play.summing_up import cost_of, elo_of
from play.verification.findings import Verification
from play.verification.report import verify
from services.gauntlet.worker.players import network_player
from shared.contract.evidence import Evidence
from shared.contract.gate import units_per_game
from shared.contract.policy import GatePolicy, PlayPolicy
from shared.contract.words import GateMode, OpponentName
from tests.kit.jobs import Plan, games_of, make_plan, open_models

DEMO = Path(__file__).resolve().parents[3] / "models" / "demo"


@dataclass(frozen=True)
class Finished:
    """An evaluation that has ended. `games`: as its rows say."""

    plan: Plan
    game: Game
    evidence: Evidence
    games: tuple[PlayedGame, ...]

    def with_games(self, games: Sequence[PlayedGame]) -> "Finished":
        """With these rows, and evidence that was counted from them."""
        return replace(self, games=tuple(games), evidence=evidence_of(self.plan, games))

    def claiming(self, **changed: Any) -> "Finished":
        """With evidence that says something else."""
        return replace(self, evidence=self.evidence.model_copy(update=changed))

    def verified(self, sample: int | None = None) -> Verification:
        """What verification says."""
        return verify(
            self.game,
            self.evidence,
            self.games,
            self.players,
            sample,
            seed=5,
            engine=fingerprint(self.game, open_models().host.level.engine),
        )

    def players(self, opponent: OpponentName) -> tuple[Player, Player]:
        """Candidate and opponent."""
        return self._network(self.plan.candidate), make_opponent(
            opponent, self.game, lambda: self._network(self.plan.previous_file)
        )

    def _network(self, file: ModelFile | None) -> Player:
        assert file is not None
        return network_player(NetworkEvaluator(load_model(file, self.game).network, self.game), self.plan.play)


def finished(*, games: int, play: PlayPolicy | None = None, lanes: int = 32, mode: GateMode = "exact") -> Finished:
    """An evaluation of the trained demo model that passes every gate, under the runbook's thresholds."""
    candidate, previous = (DEMO / f"hex8_2p_{name}.pth" for name in ("trained", "untrained"))
    plan = make_plan(candidate, gates=GatePolicy(games=games, mode=mode), previous=previous, play=play)
    played = games_of(plan, lanes=lanes)
    return Finished(plan, get_game("hex8", 2), evidence_of(plan, played), tuple(played))


def evidence_of(plan: Plan, played: Sequence[PlayedGame]) -> Evidence:
    """As the service counts it."""
    results = [Result.of(each) for each in played]
    met: tuple[OpponentName, ...] = ("random", "heuristic", "previous")
    opponents = [count(name, plan.gates, 2, results) for name in met]
    return Evidence(
        seed=plan.seed,
        policy_id=plan.gates.id,
        gates=plan.gates,
        play=plan.play,
        previous=plan.previous,
        opponents=opponents,
        duration_seconds=1.0,
        cpu_seconds=1.0,
        elo=elo_of(opponents, 2),
        cost=cost_of(opponents, core_seconds=1.0),
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
