"""How far an evaluation is, by opponent, from its recorded games."""

from __future__ import annotations

from services.gauntlet.outcome import evidence_of, previous_of
from services.gauntlet.repository import Evaluation
from services.gauntlet.schemas import EvaluationDetail, EvaluationView, OpponentProgress
from shared.contract.configuration import Configuration
from shared.storage.database import Read


async def detail_of(tx: Read, evaluation: Evaluation) -> EvaluationDetail:
    """The evaluation as its callers see it."""
    evidence = await evidence_of(tx, evaluation, cpu_seconds=0)
    num_players = Configuration.parse(evaluation.configuration).num_players
    opponents = [OpponentProgress.of(each, evidence.gates, num_players) for each in evidence.opponents]
    return EvaluationDetail(
        **EvaluationView.model_validate(evaluation).model_dump(),
        previous=previous_of(evaluation),
        gates=evidence.gates,
        play=evidence.play,
        model=evaluation.model,
        opponents=opponents,
        evidence=evaluation.evidence,
    )
