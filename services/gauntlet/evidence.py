"""Evidence from recorded games: counts by opponent, and nothing that was not recorded. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from play.counting import Result, count
from play.summing_up import cost_of, elo_of
from services.gauntlet.backlog import Ahead
from services.gauntlet.claim import Claim
from services.gauntlet.course import Course, by_opponent
from services.gauntlet.evaluation import Evaluation
from services.gauntlet.pace import Pace, Recording, paces
from shared.contract.evidence import Evidence, PanelEvidence
from shared.contract.words import OpponentName

NOTHING_RECORDED: Mapping[OpponentName, Recording] = {}


class Standing(NamedTuple):
    """An evaluation, what its games amount to so far, None while nobody knows how many are to be played, what is played before it,
    None unless it waits for that, and the pace of its games."""

    evaluation: Evaluation
    so_far: Evidence | None
    ahead: Ahead | None = None
    paces: Mapping[OpponentName, Pace] = {}


def standing(
    evaluation: Evaluation,
    results: Sequence[Result],
    ahead: Ahead | None,
    live: Sequence[Claim] = (),
    recorded: Mapping[OpponentName, Recording] = NOTHING_RECORDED,
) -> Standing:
    """How far an evaluation is. `live`: claims of its games whose workers were heard of lately."""
    if evaluation.lacks is not None:
        return Standing(evaluation, None, ahead)
    course = Course(evaluation, by_opponent(results))
    return Standing(evaluation, assemble(evaluation, results), ahead, paces(evaluation, course, live, recorded))


def assemble(evaluation: Evaluation, results: Sequence[Result]) -> Evidence:
    """Everything that a decision is made from, of an evaluation that was queued. An opponent that was not reached has no games."""
    num_players, playable = evaluation.configuration.num_players, evaluation.playable
    opponents = [count(name, playable.gates, num_players, results) for name in evaluation.gated]
    panel = [
        PanelEvidence(
            opponent=each.opponent, canonical=each.canonical, silenced=each.silenced,
            games=count(each.opponent, playable.gates, num_players, results),
        )
        for each in evaluation.panel
    ]  # fmt: skip
    started = evaluation.started_at or evaluation.seen_at
    return Evidence(
        seed=playable.seed,
        policy_id=playable.gates.id,
        gates=playable.gates,
        play=evaluation.play,
        skipped=evaluation.skip_games,
        previous=evaluation.previous,
        opponents=opponents,
        duration_seconds=max((evaluation.seen_at - started).total_seconds(), 0.0),
        cpu_seconds=evaluation.cost.cpu_seconds,
        elo=elo_of(opponents, num_players),
        cost=cost_of(
            [*opponents, *(each.games for each in panel)],
            core_seconds=evaluation.cost.cpu_seconds,
            forward_seconds=evaluation.cost.forward_seconds,
            surplus_games=evaluation.cost.surplus_games,
        ),
        confinement=evaluation.confinement,
        panel=panel,
    )
