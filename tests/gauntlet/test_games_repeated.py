"""Games of a model that was judged already are not played again: the same question has the same games."""

from __future__ import annotations

from uuid import UUID

import pytest

from shared.contract.evidence import Evidence
from shared.contract.policy import GatePolicy
from shared.contract.words import EvaluationState
from shared.storage.artifacts import Artifact
from tests.gauntlet.trial import Trial, report

SHORT = GatePolicy(games=2, random_win_rate=0.5, heuristic_win_rate=0.5)
OTHER = Artifact("1" * 64, 7)


async def play(trial: Trial, evaluation_id: UUID) -> int:
    """Play an evaluation to its end; returns how many claims of games that took."""
    claims = 0
    while (await trial.evaluation(evaluation_id)).state is not EvaluationState.COMPLETED:
        work = await trial.claim()
        assert work.evaluation_id == evaluation_id
        claims += work.opponent is not None
        await trial.work.report(work.claim_id, report(work))
    return claims


async def evidence(trial: Trial, evaluation_id: UUID) -> Evidence:
    """What an evaluation found."""
    found = (await trial.evaluation(evaluation_id)).evidence
    assert found is not None
    return found


async def test_the_same_question_has_the_same_games(trial: Trial) -> None:
    """The second evaluation only loads the model: its evidence is that of the first, and stands on games of its own."""
    first = await trial.queue(policy=SHORT)
    assert await play(trial, first) == 2
    second = await trial.queue(policy=SHORT)
    assert await play(trial, second) == 0
    assert (await evidence(trial, second)).opponents == (await evidence(trial, first)).opponents
    assert await trial.games(second) == await trial.games(first)


@pytest.mark.parametrize(
    "changed", [{"policy": SHORT.model_copy(update={"random_win_rate": 0.6})}, {"artifact": OTHER}]
)
async def test_another_question_is_played(trial: Trial, changed: dict[str, object]) -> None:
    """Under another policy, or of another model."""
    await play(trial, await trial.queue(policy=SHORT))
    assert await play(trial, await trial.queue(**{"policy": SHORT, **changed})) == 2  # type: ignore[arg-type]


async def test_against_another_canonical_version_it_is_played(trial: Trial) -> None:
    """Whom it met is part of the question."""
    await play(trial, await trial.queue(policy=SHORT))
    await trial.promoted(1, OTHER.digest)
    assert await play(trial, await trial.queue(policy=SHORT)) == 3


async def test_games_that_were_skipped_or_cut_off_answer_nothing(trial: Trial) -> None:
    """Neither a forced evaluation nor a cancelled one spares anybody a game."""
    await play(trial, await trial.queue(policy=GatePolicy(games=2, skip_games=True)))
    cut = await trial.queue(policy=SHORT)
    await trial.claim()
    await trial.service.cancel(cut)
    assert await play(trial, await trial.queue(policy=SHORT)) == 2
