"""Evidence from recorded games: counts by opponent, and nothing that was not recorded. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from play.counting import Result, count
from services.gauntlet.evaluation import Evaluation
from shared.contract.evidence import Evidence, opponents_to_meet


class Standing(NamedTuple):
    """An evaluation, and what its games amount to so far; None while nobody knows how many are to be played."""

    evaluation: Evaluation
    so_far: Evidence | None


def standing(evaluation: Evaluation, results: Sequence[Result]) -> Standing:
    """How far an evaluation is."""
    return Standing(evaluation, assemble(evaluation, results, cpu_seconds=0) if evaluation.lacks is None else None)


def assemble(evaluation: Evaluation, results: Sequence[Result], cpu_seconds: float) -> Evidence:
    """Everything that a decision is made from, of an evaluation that was queued. An opponent that was not reached has no games."""
    num_players, playable = evaluation.configuration.num_players, evaluation.playable
    planned = playable.gates.games_planned(num_players)
    opponents = [] if evaluation.skip_games else opponents_to_meet(evaluation.previous)
    started = evaluation.started_at or evaluation.seen_at
    return Evidence(
        seed=playable.seed,
        policy_id=playable.gates.id,
        gates=playable.gates,
        play=evaluation.play,
        skipped=evaluation.skip_games,
        previous=evaluation.previous,
        opponents=[count(name, planned, num_players, results) for name in opponents],
        duration_seconds=max((evaluation.seen_at - started).total_seconds(), 0.0),
        cpu_seconds=cpu_seconds,
    )
