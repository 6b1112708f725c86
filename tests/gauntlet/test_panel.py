"""Whoever passed its gates meets canonical versions of the past, and no verdict hangs on it."""

from __future__ import annotations

import numpy as np
import pytest
from prometheus_client import REGISTRY

from play.record import encode_rows
from services.gauntlet.schemas import EvaluationDetail
from services.gauntlet.worker.work import Work, WorkFailure, WorkReport
from shared.contract.events.gauntlet import EvaluationCompleted
from shared.contract.evidence import Evidence, PanelEvidence
from shared.contract.policy import GatePolicy
from shared.contract.words import EvaluationState
from tests.gauntlet.trial import ARTIFACT, Trial, report

MUTED = GatePolicy(games=20, random_win_rate=0.1, heuristic_win_rate=0.1, previous_win_rate=0.5, panel="muted")
HEAD = 21


async def with_history(trial: Trial, **digests: str) -> None:
    """Versions 1 to 21 were canonical; `v17=...` names other bytes."""
    for version in range(1, HEAD + 1):
        await trial.promoted(version, digests.get(f"v{version}", digest(version)))


def digest(version: int) -> str:
    """Bytes of a version of their own."""
    return f"{version:064x}"


async def play(trial: Trial, units: dict[str, int]) -> list[Work]:
    """Everything that is claimed is played, with this score against each opponent; returns what was claimed."""
    claimed: list[Work] = []
    while (work := (await trial.claims(1))[0]) is not None:
        claimed.append(work)
        await trial.work.report(work.claim_id, different(report(work, units.get(work.opponent or "", 2))))
    return claimed


def different(said: WorkReport) -> WorkReport:
    """The same games with moves of their own, so that none is a repeat of another."""
    rows = [np.array([each.index, 0, 0, 0], np.int16) for each in said.games]
    games = [each.model_copy(update={"moves": encode_rows([row])}) for each, row in zip(said.games, rows, strict=True)]
    return said.model_copy(update={"games": games})


async def panel_of(trial: Trial, policy: GatePolicy = MUTED, units: int = 2) -> tuple[Evidence, list[PanelEvidence]]:
    """The evidence of an evaluation in which every game has this score."""
    evaluation_id = await trial.queue(policy=policy)
    await play(trial, dict.fromkeys(("random", "heuristic", "previous", "previous_5", "previous_20"), units))
    ended = await trial.evaluation(evaluation_id)
    assert (ended.state, ended.evidence is None) == (EvaluationState.COMPLETED, False)
    assert ended.evidence is not None
    assert ended.evidence.panel is not None
    return ended.evidence, ended.evidence.panel


async def test_after_the_gates_older_versions_are_met(trial: Trial) -> None:
    """Each by its own bytes, after all gates; the circle that the games close is told and counted."""
    await with_history(trial)
    evaluation_id, counted = (
        await trial.queue(policy=MUTED),
        REGISTRY.get_sample_value("ringrift_gauntlet_cycles_total"),
    )
    claimed = await play(trial, {"previous_20": 0})
    order = list(dict.fromkeys(each.opponent for each in claimed))
    assert order == ["random", "heuristic", "previous", "previous_5", "previous_20"]
    met = {each.opponent: each.previous and each.previous.digest for each in claimed}
    assert (met["previous"], met["previous_5"], met["previous_20"]) == (digest(21), digest(17), digest(2))
    detail = EvaluationDetail.of_standing(await trial.service.evaluation(evaluation_id))
    assert [each.opponent for each in detail.opponents] == ["random", "heuristic", "previous"]
    assert [(each.version, each.versions_ago, each.games.verdict) for each in detail.panel] == [
        (17, 5, "passed"),
        (2, 20, "failed"),
    ]
    assert [each.model_dump() for each in detail.cycles] == [{"newer": 1, "older": 20}, {"newer": 5, "older": 20}]
    assert REGISTRY.get_sample_value("ringrift_gauntlet_cycles_total") == (counted or 0) + 1


@pytest.mark.parametrize("units", [0, 1])
async def test_whoever_is_worse_than_a_version_meets_the_others_all_the_same(trial: Trial, units: int) -> None:
    """The panel has no gate that could end the games, and the verdict on the gates stays."""
    await with_history(trial)
    evaluation_id = await trial.queue(policy=MUTED)
    claimed = await play(trial, {"previous_5": units})
    assert claimed[-1].opponent == "previous_20"
    detail = EvaluationDetail.of_standing(await trial.service.evaluation(evaluation_id))
    assert {each.verdict for each in detail.opponents} == {"passed"}
    assert detail.panel[0].games.verdict == ("failed", "inconclusive")[units]


async def test_the_event_and_its_evidence_are_read_again(trial: Trial) -> None:
    """With the panel, without one, and as older services wrote it."""
    await with_history(trial)
    evidence, panel = await panel_of(trial)
    assert [each.games.games > 0 for each in panel] == [True, True]
    assert Evidence.model_validate_json(evidence.model_dump_json()) == evidence
    older = Evidence.model_validate_json(evidence.model_dump_json(exclude={"panel"}))
    assert (older.panel, older.cycles) == (None, [])
    assert EvaluationCompleted.model_fields["evidence"].annotation is Evidence


async def test_whoever_failed_a_gate_meets_no_panel(trial: Trial) -> None:
    """It is known who would have been met, and nothing was played."""
    await with_history(trial)
    evidence, panel = await panel_of(trial, units=0)
    assert [each.games.games for each in panel] == [0, 0]
    assert evidence.opponents[-1].games == 0


@pytest.mark.parametrize(
    "policy", [MUTED.model_copy(update={"panel": "off"}), MUTED.model_copy(update={"skip_games": True})]
)
async def test_without_the_setting_or_without_games_there_is_none(trial: Trial, policy: GatePolicy) -> None:
    """As before there were panels."""
    await with_history(trial)
    _, panel = await panel_of(trial, policy)
    assert panel == []


async def test_who_cannot_be_met_or_is_met_anyway_is_left_out(trial: Trial) -> None:
    """Bytes that the store lacks, those of the version that is met, the candidate's own; versions from before the first."""
    await with_history(trial, v17=digest(21), v2=ARTIFACT.digest)
    assert (await panel_of(trial))[1] == []
    await trial.change("delete from gauntlet.canonical_versions")
    await with_history(trial)
    trial.missing.add(digest(17))
    assert [each.opponent for each in (await panel_of(trial))[1]] == ["previous_20"]
    await trial.change("delete from gauntlet.canonical_versions where version > 4")
    assert (await panel_of(trial))[1] == []


async def at_the_panel(trial: Trial) -> tuple[Work, Work]:
    """Two claims of games against version 17, the gates being passed."""
    while True:
        first = await trial.claim(games=2)
        if first.opponent == "previous_5":
            return first, await trial.claim(games=2)
        await trial.work.report(first.claim_id, report(first))


async def test_a_version_that_cannot_be_played_is_silenced(trial: Trial) -> None:
    """Its games so far stay, whoever plays it is told to stop, the next version is met, and the evaluation completes."""
    await with_history(trial)
    evaluation_id = await trial.queue(policy=MUTED)
    first, second = await at_the_panel(trial)
    await trial.work.report(first.claim_id, report(first))
    await trial.work.fail(second.claim_id, WorkFailure(code="internal", reason="it is \x1b[31mbroken"))
    assert {each.opponent for each in await play(trial, {})} == {"previous_20"}
    ended = await trial.evaluation(evaluation_id)
    assert ended.evidence is not None
    assert ended.evidence.panel is not None
    silenced, other = ended.evidence.panel
    assert (silenced.games.games, silenced.silenced, other.silenced) == (first.games, "it is \x1b[31mbroken", None)
    assert len(await trial.games(evaluation_id)) == sum(
        each.games for each in [*ended.evidence.opponents, silenced.games, other.games]
    )


async def test_blocks_that_nobody_finished_are_dropped_with_a_silenced_version(trial: Trial) -> None:
    """Rows are those that count: the blocks from the first game on."""
    await with_history(trial)
    evaluation_id = await trial.queue(policy=MUTED)
    first, second = await at_the_panel(trial)
    await trial.work.report(second.claim_id, report(second))
    await trial.work.fail(first.claim_id, WorkFailure(code="too_slow", reason="slow"))
    assert not [each for each in await trial.games(evaluation_id) if each.opponent == "previous_5"]


async def test_workers_that_die_of_a_version_silence_it(trial: Trial) -> None:
    """After as many as may die in a row; the evaluation does not fail."""
    await with_history(trial)
    evaluation_id = await trial.queue(policy=MUTED)
    for work in await at_the_panel(trial):
        assert (await trial.evaluation(evaluation_id)).silenced == set()
        await trial.work.fail(work.claim_id, WorkFailure(code="worker_lost", reason="killed"))
    assert (await trial.evaluation(evaluation_id)).silenced == {"previous_5"}
    await play(trial, {})
    assert (await trial.evaluation(evaluation_id)).state is EvaluationState.COMPLETED


async def test_a_panel_that_takes_too_long_ends_with_what_there_is(trial: Trial) -> None:
    """The gates are decided: the evaluation completes, and says why nobody more was met."""
    await with_history(trial)
    evaluation_id = await trial.queue(policy=MUTED)
    await at_the_panel(trial)
    await trial.change("update gauntlet.evaluations set started_at = now() - interval '2 hours'")
    await trial.work.end_overdue()
    ended = await trial.evaluation(evaluation_id)
    assert ended.state is EvaluationState.COMPLETED
    assert ended.silenced == {"previous_5", "previous_20"}
    assert ended.evidence is not None
    assert ended.evidence.panel is not None
    assert "RINGRIFT_GAUNTLET_EVALUATION_SECONDS" in (ended.evidence.panel[0].silenced or "")


async def test_asked_again_the_panel_is_met_anew(trial: Trial) -> None:
    """The games of its gates are known, and those of versions that are the panel now are not."""
    await with_history(trial)
    await panel_of(trial)
    await trial.promoted(HEAD + 1, digest(HEAD))  # the same bytes as before, one version later
    await trial.queue(policy=MUTED)
    met = {each.opponent: each.previous and each.previous.digest for each in await play(trial, {}) if each.opponent}
    assert met == {"previous_5": digest(18), "previous_20": digest(3)}
