"""What each move of an evaluation does to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from services.gauntlet.errors import LeaseLostError, MoveRefusedError
from services.gauntlet.evaluation import FOR_MODEL, FOR_POLICY, Evaluation
from services.gauntlet.lease import Lease
from shared.contract.configuration import Configuration
from shared.contract.policy import GatePolicy, PlayPolicy
from shared.contract.words import LONGEST_REASON, EvaluationState
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
        taken.taken_in(Artifact("1" * 64, 8, Path("a")), 43)
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
    assert absent.pop("attempts") == 0
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


def test_a_claim_counts_an_attempt_and_starts_a_lease() -> None:
    """The lease runs from the database's time."""
    playing, lease = running(attempts=1)
    assert (playing.state, playing.attempts, playing.revision) == (EvaluationState.RUNNING, 2, 2)
    assert (playing.lease_owner, playing.lease_until) == (lease.owner, NOW + timedelta(seconds=10))


def test_g06_a_silent_lease_is_taken_over() -> None:
    """Not before it has run out, and then the old lease is worth nothing."""
    playing, old = running()
    new = Lease.new(playing.id, 10.0)
    for seconds in (0, 10):
        still = replace(playing, seen_at=NOW + timedelta(seconds=seconds))
        assert not still.is_silent(new)
        with pytest.raises(MoveRefusedError, match="is running and cannot be claimed"):
            still.claimed(new)
    silent = replace(playing, seen_at=NOW + timedelta(seconds=10, microseconds=1))
    assert silent.is_silent(new)
    taken = silent.claimed(new)
    assert (taken.lease_owner, taken.attempts) == (new.owner, 2)
    assert taken.lease_until == silent.seen_at + timedelta(seconds=10)
    with pytest.raises(LeaseLostError):
        taken.progressed(old)


def test_f59_a_reason_can_be_stored_whatever_a_worker_wrote() -> None:
    """U+0000 in what it last said does not keep its evaluation from ending."""
    playing, lease = running()
    assert playing.failed(lease, "internal", "a\0b").failure_reason == "a\N{REPLACEMENT CHARACTER}b"
    assert "\0" not in (received().stalled("a\0b").waits_for or "")


def test_f14_a_clock_that_is_set_back_keeps_no_lease_alive() -> None:
    """A lease that ends later than any heartbeat could make it is over; a small step only makes it longer."""
    playing, _ = running()
    new = Lease.new(playing.id, 10.0)
    assert not replace(playing, seen_at=NOW - timedelta(seconds=10)).is_silent(new)
    silent = replace(playing, seen_at=NOW - timedelta(hours=1))
    assert silent.is_silent(new)
    assert silent.claimed(new).lease_until == silent.seen_at + timedelta(seconds=10)


def test_what_is_not_queued_cannot_be_claimed() -> None:
    """Neither a received evaluation, nor one by the lease of another."""
    new = received()
    with pytest.raises(MoveRefusedError, match="is received and cannot be claimed"):
        new.claimed(Lease.new(new.id, 10.0))
    with pytest.raises(MoveRefusedError, match="cannot be claimed"):
        queued().claimed(Lease.new(uuid4(), 10.0))
    waiting = queued()
    assert not waiting.is_silent(Lease.new(waiting.id, 10.0))


def test_the_first_attempt_fixes_what_is_met() -> None:
    """It has a time, and goes on running."""
    playing, lease = running()
    begun = playing.begun(lease, PREVIOUS)
    assert (begun.state, begun.started_at, begun.previous) == (EvaluationState.RUNNING, NOW, PREVIOUS)
    described = begun.described(lease, MODEL)
    assert (described.state, described.model, described.previous) == (EvaluationState.RUNNING, MODEL, PREVIOUS)


def test_recorded_games_begin_the_count_of_attempts_anew() -> None:
    """A worker that plays is no dying one."""
    playing, lease = running(attempts=2)
    progressed = playing.progressed(lease)
    assert (progressed.state, progressed.attempts) == (EvaluationState.RUNNING, 0)
    assert progressed.lease_owner == lease.owner


@pytest.mark.parametrize(("counted", "attempts", "left"), [(True, 2, 3), (False, 2, 2), (False, -1, 0), (True, 0, 1)])
def test_a_released_evaluation_is_queued_again(counted: bool, attempts: int, left: int) -> None:
    """Nobody holds it, and the attempt is counted unless it was not the worker's fault."""
    playing, lease = running(attempts=attempts)
    released = playing.released(lease, counted=counted)
    assert (released.state, released.attempts) == (EvaluationState.QUEUED, left)
    assert (released.lease_owner, released.lease_until) == (None, None)


def test_g06_as_many_workers_may_die_in_a_row_and_no_more() -> None:
    """The third of three is the last one."""
    playing, lease = running(attempts=1)
    again = playing.worker_lost(lease, "code -9", 3)
    assert (again.state, again.attempts, again.failure_code) == (EvaluationState.QUEUED, 2, None)
    last, lease = running(attempts=2)
    over = last.worker_lost(lease, "code -9", 3)
    assert (over.state, over.failure_code, over.failure_reason) == (EvaluationState.FAILED, "worker_lost", "code -9")


def test_it_ends_with_evidence_or_without() -> None:
    """Each end has its time, and nobody holds the evaluation any more."""
    playing, lease = running()
    later = replace(playing, seen_at=NOW + timedelta(seconds=5))
    completed = later.completed(lease, EVIDENCE)
    assert (completed.state, completed.evidence) == (EvaluationState.COMPLETED, EVIDENCE)
    failed = later.failed(lease, "internal", "out of order")
    assert (failed.state, failed.failure_code) == (EvaluationState.FAILED, "internal")
    assert failed.failure_reason == "out of order"
    cancelled = later.cancelled()
    assert (cancelled.failure_code, cancelled.failure_reason) == ("cancelled", "cancelled by an operator")
    for over in (completed, failed, cancelled):
        assert (over.ended_at, over.lease_owner, over.lease_until) == (later.seen_at, None, None)


def test_a_lease_beats_several_times_before_it_runs_out() -> None:
    """Each has an owner of its own, and runs from the last heartbeat."""
    evaluation = uuid4()
    lease, other = Lease.new(evaluation, 10.0), Lease.new(evaluation, 10.0)
    assert (lease.evaluation_id, lease.seconds, lease.heartbeat_seconds) == (evaluation, 10.0, 2.5)
    assert lease.owner != other.owner
    assert lease.until(NOW) == NOW + timedelta(seconds=10)
