"""What each move of an evaluation does to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.gauntlet.cost import NO_COST, Cost
from services.gauntlet.errors import MoveRefusedError
from services.gauntlet.evaluation import FOR_MODEL, FOR_POLICY, Evaluation
from shared.contract.configuration import Configuration
from shared.contract.evidence import CanonicalReference
from shared.contract.policy import GatePolicy, PlayPolicy
from shared.contract.words import GATES, LONGEST_REASON, EvaluationReason, EvaluationState, OpponentName
from shared.storage.artifacts import Artifact
from tests.gauntlet.fakes import ARTIFACT, DIGEST, EVIDENCE, MODEL, NOW, POLICY, PREVIOUS, queued, received, running


def test_it_is_queued_when_it_has_its_model_and_its_policy() -> None:
    """It waits for one thing after the other, says for which, and keeps what it was given."""
    new = received()
    assert (new.state, new.waits_for, new.revision) == (EvaluationState.RECEIVED, FOR_MODEL, 0)
    taken = new.taken_in(ARTIFACT, 42)
    assert (taken.state, taken.waits_for, taken.revision) == (EvaluationState.RECEIVED, FOR_POLICY, 1)
    ready = taken.ruled_by(POLICY)
    assert (ready.state, ready.waits_for, ready.policy_id) == (EvaluationState.QUEUED, None, POLICY.id)
    assert ready.playable == (DIGEST, 7, 42, POLICY)
    assert queued().state is EvaluationState.QUEUED


def test_g01_what_was_taken_in_is_what_is_played() -> None:
    """A file that changes while the policy is waited for changes nothing, and a policy is named once."""
    taken = received().taken_in(ARTIFACT, 42)
    with pytest.raises(MoveRefusedError, match=f"does not wait for {FOR_MODEL}"):
        taken.taken_in(Artifact("1" * 64, 8), 43)
    with pytest.raises(MoveRefusedError, match=f"does not wait for {FOR_POLICY}"):
        received().ruled_by(POLICY)


def test_a_new_evaluation_has_nothing_but_what_it_was_asked_with() -> None:
    """Everything else is yet to come, and says so by being absent."""
    new = Evaluation(
        id=uuid4(), configuration=Configuration("hex8", 2), reason="request", requested_at=NOW, seen_at=NOW, play=PlayPolicy()
    )  # fmt: skip
    given = {"id", "configuration", "reason", "requested_at", "seen_at", "play", "state", "revision", "waits_for"}
    absent = {name: value for name, value in vars(new).items() if name not in given}
    assert absent.pop("skip_games") is False
    assert (absent.pop("attempts"), absent.pop("cost"), absent.pop("panel")) == (0, NO_COST, ())
    assert set(absent.values()) == {None}
    assert (FOR_MODEL, FOR_POLICY) == (
        "the model file to be taken into the artifact store", "the promotion service's gate policy"
    )  # fmt: skip


@pytest.mark.parametrize("lacking", ["digest", "size", "seed", "gates"])
def test_nothing_is_played_by_halves(lacking: str) -> None:
    """Whatever of the four is absent."""
    absent: Any = {lacking: None}
    with pytest.raises(MoveRefusedError, match="cannot be played"):
        _ = replace(queued(), **absent).playable


def test_what_lacks_something_cannot_be_played() -> None:
    """It says what it lacks."""
    with pytest.raises(MoveRefusedError, match=f"it lacks {FOR_MODEL}"):
        _ = received().playable
    with pytest.raises(MoveRefusedError, match=f"it lacks {FOR_POLICY}"):
        _ = received().taken_in(ARTIFACT, 42).playable


@pytest.mark.parametrize(("forced", "by_policy"), [(False, False), (True, False), (False, True), (True, True)])
def test_games_are_skipped_by_force_or_by_policy(forced: bool, by_policy: bool) -> None:
    """Either is enough, and a policy that plays does not undo the force."""
    taken = received(skip_games=forced).taken_in(ARTIFACT, 42)
    assert taken.ruled_by(GatePolicy(skip_games=by_policy)).skip_games == (forced or by_policy)


def test_trouble_is_said_once() -> None:
    """The same trouble again is no change, and a long one is cut."""
    stalled = received().stalled("no room")
    assert (stalled.state, stalled.revision) == (EvaluationState.RECEIVED, 1)
    assert stalled.waits_for == f"{FOR_MODEL}: no room"
    assert stalled.stalled("no room") is stalled
    assert stalled.stalled("other").revision == 2
    assert len(stalled.stalled("x" * 3000).waits_for or "") == LONGEST_REASON
    assert received().taken_in(ARTIFACT, 42).stalled("away").waits_for == f"{FOR_POLICY}: away"


def test_a_rejected_model_ends_it() -> None:
    """With its code, its reason and the time, and nothing is waited for."""
    over = received().rejected("model_not_found", "x" * 3000)
    assert (over.state, over.failure_code, over.ended_at) == (EvaluationState.FAILED, "model_not_found", NOW)
    assert (over.failure_reason, over.waits_for, over.revision) == ("x" * LONGEST_REASON, None, 1)


def test_the_first_claim_begins_it_and_fixes_what_is_met() -> None:
    """It has a time from then on; who holds which games is no state of it."""
    begun = queued().begun(PREVIOUS)
    assert (begun.state, begun.started_at, begun.previous) == (EvaluationState.RUNNING, NOW, PREVIOUS)
    assert (begun.attempts, begun.revision) == (0, 2)
    with pytest.raises(MoveRefusedError, match="is running, not queued"):
        begun.begun(None)


@pytest.mark.parametrize(
    ("reason", "plays"),
    [("training", False), ("stale", False), ("manual", False), ("request", True), ("review", True), ("forced", False)],
)
def test_f24_the_canonical_version_itself_is_not_played(reason: EvaluationReason, plays: bool) -> None:
    """Nothing could come of it; who asks to see the games sees them, and nobody meets itself."""
    itself = CanonicalReference(version=3, digest=ARTIFACT.digest)
    begun = queued(reason=reason, skip_games=reason == "forced").begun(itself, is_canonical=True)
    recognised = queued(reason=reason, skip_games=reason == "forced").begun(PREVIOUS).recognised(5, is_canonical=True)
    for each in (begun, recognised):
        assert (each.skip_games, each.previous, each.panel) == (not plays, None, ())
        assert each.opponents == (["random", "heuristic"] if plays else [])


def test_f20_weights_that_are_known_have_their_seed() -> None:
    """Nothing else changes; nothing at all where that is known."""
    begun = queued().begun(PREVIOUS)
    recognised = begun.recognised(5, is_canonical=False)
    assert (recognised.seed, recognised.previous, recognised.revision) == (5, PREVIOUS, begun.revision + 1)
    assert recognised.recognised(5, is_canonical=False) is recognised


@pytest.mark.parametrize("opponent", GATES)
def test_f22_who_has_no_gate_is_not_met(opponent: OpponentName) -> None:
    """A threshold of 0 is no gate, whichever it is."""
    gates = GatePolicy.model_validate({f"{opponent}_win_rate": 0.0})
    taken = received().taken_in(ARTIFACT, 42).ruled_by(gates)
    assert taken.begun(PREVIOUS).opponents == [each for each in GATES if each != opponent]


def test_what_the_candidate_says_of_itself_is_kept() -> None:
    """It goes on running."""
    described = queued().begun(None).described(MODEL, "full")
    assert (described.state, described.model, described.revision) == (EvaluationState.RUNNING, MODEL, 3)


def test_costs_add_up_and_games_clear_the_deaths() -> None:
    """A recorded game proves that workers can play it."""
    progressed = running(attempts=2, cost=Cost(1.0, 0.5, 1)).progressed(Cost(2.0, 1.5, 3))
    assert (progressed.attempts, progressed.cost) == (0, Cost(3.0, 2.0, 4))
    assert (progressed.state, progressed.revision) == (EvaluationState.RUNNING, 3)


def test_g06_as_many_workers_may_die_in_a_row_and_no_more() -> None:
    """The third of three is the last one; before, others play on."""
    again = running(attempts=1).worker_lost("code -9", 3)
    assert (again.state, again.attempts, again.failure_code) == (EvaluationState.RUNNING, 2, None)
    over = again.worker_lost("code -9", 3)
    assert (over.state, over.failure_code, over.failure_reason) == (EvaluationState.FAILED, "worker_lost", "code -9")


def test_it_ends_with_evidence_or_without() -> None:
    """Each end has its time."""
    later = running(seen_at=NOW + timedelta(seconds=5))
    completed = later.completed(EVIDENCE)
    assert (completed.state, completed.evidence) == (EvaluationState.COMPLETED, EVIDENCE)
    failed = later.failed("internal", "out of order")
    assert (failed.state, failed.failure_code) == (EvaluationState.FAILED, "internal")
    assert failed.failure_reason == "out of order"
    cancelled = later.cancelled()
    assert (cancelled.failure_code, cancelled.failure_reason) == ("cancelled", "cancelled by an operator")
    for over in (completed, failed, cancelled):
        assert over.ended_at == later.seen_at


def test_f16_what_is_played_for_too_long_ends_with_what_it_cost() -> None:
    """The reason says how far it came, and what to change."""
    over = running(cost=Cost(cpu_seconds=41.6)).overdue(3600, 12)
    assert (over.state, over.failure_code) == (EvaluationState.FAILED, "too_slow")
    assert over.failure_reason == (
        "it has been played for more than 3600 s, with 12 games recorded and 42 processor seconds used; "
        "let it take longer (RINGRIFT_GAUNTLET_EVALUATION_SECONDS) or give it more workers"
    )


def test_f59_a_reason_can_be_stored_whatever_a_worker_wrote() -> None:
    """U+0000 in what it last said does not keep its evaluation from ending."""
    assert running().failed("internal", "a\0b").failure_reason == "a\N{REPLACEMENT CHARACTER}b"
    assert "\0" not in (received().stalled("a\0b").waits_for or "")
