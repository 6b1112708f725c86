"""The evaluation by itself: which moves there are, who may make them, and that an end is an end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gauntlet.errors import EndedError, LeaseLostError, MoveRefusedError
from services.gauntlet.evaluation import ENDED, OPEN, Evaluation
from services.gauntlet.feedback_loop import FeedbackLoopController
from services.gauntlet.lease import Lease
from shared.contract.configuration import Configuration
from shared.contract.policy import PlayPolicy
from shared.contract.words import EvaluationState
from tests.gauntlet.fakes import ARTIFACT, DIGEST, EVIDENCE, MODEL, POLICY, PREVIOUS, queued, received, running

Move = Callable[[Evaluation, Lease], Evaluation]
BY_THE_SERVICE: dict[str, Move] = {
    "taken_in": lambda evaluation, _: evaluation.taken_in(ARTIFACT, 42),
    "ruled_by": lambda evaluation, _: evaluation.ruled_by(POLICY),
    "stalled": lambda evaluation, _: evaluation.stalled("no room"),
    "rejected": lambda evaluation, _: evaluation.rejected("model_not_found", "no such file"),
}
BY_LEASE: dict[str, Move] = {
    "begun": lambda evaluation, lease: evaluation.begun(lease, PREVIOUS),
    "described": lambda evaluation, lease: evaluation.described(lease, MODEL),
    "progressed": lambda evaluation, lease: evaluation.progressed(lease),
    "released": lambda evaluation, lease: evaluation.released(lease, counted=True),
    "given back": lambda evaluation, lease: evaluation.released(lease, counted=False),
    "worker_lost": lambda evaluation, lease: evaluation.worker_lost(lease, "code -9", 3),
    "completed": lambda evaluation, lease: evaluation.completed(lease, EVIDENCE),
    "failed": lambda evaluation, lease: evaluation.failed(lease, "internal", "out of order"),
}
MOVES: dict[str, Move] = {
    **BY_THE_SERVICE,
    **BY_LEASE,
    "claimed": lambda evaluation, lease: evaluation.claimed(lease),
    "cancelled": lambda evaluation, _: evaluation.cancelled(),
    "time passes": lambda evaluation, _: replace(evaluation, seen_at=evaluation.seen_at + timedelta(seconds=20)),
}
BEGINNING = received(id=UUID(int=1))
LEASES = [Lease(BEGINNING.id, UUID(int=owner), 30.0) for owner in (1, 2)] + [Lease(UUID(int=2), UUID(int=1), 30.0)]
"""Of two runners, and of another evaluation."""


def require_whole(evaluation: Evaluation) -> None:
    """What the database requires of every row (migrations/), and what its readers rely on."""
    state = evaluation.state
    bytes_known = (evaluation.digest is not None, evaluation.size is not None, evaluation.seed is not None)
    assert len(set(bytes_known)) == 1
    assert (evaluation.policy_id is None) == (evaluation.gates is None)
    assert (state is EvaluationState.RUNNING) == (evaluation.lease_owner is not None)
    assert (evaluation.lease_owner is None) == (evaluation.lease_until is None)
    assert (state is EvaluationState.COMPLETED) == (evaluation.evidence is not None)
    assert (state is EvaluationState.FAILED) == (evaluation.failure_code is not None)
    assert (evaluation.failure_code is None) == (evaluation.failure_reason is None)
    assert (state in ENDED) == evaluation.has_ended == (evaluation.ended_at is not None)
    assert (state is EvaluationState.RECEIVED) == (evaluation.waits_for is not None)
    if state not in (EvaluationState.RECEIVED, EvaluationState.FAILED):
        assert evaluation.playable.digest == evaluation.digest


@given(st.lists(st.tuples(st.sampled_from([*MOVES]), st.sampled_from(LEASES)), max_size=40))
def test_g06_no_sequence_of_moves_leaves_an_end(tried: list[tuple[str, Lease]]) -> None:
    """Whatever is tried by whomever in whatever order: every evaluation is whole, and reaches at most one end, once."""
    evaluation, ends = BEGINNING, 0
    for name, lease in tried:
        try:
            moved = MOVES[name](evaluation, lease)
        except (MoveRefusedError, LeaseLostError):
            continue
        if name == "time passes":
            evaluation = moved
            continue
        assert not evaluation.has_ended
        if name in BY_LEASE:
            assert (lease.evaluation_id, lease.owner) == (evaluation.id, evaluation.lease_owner)
        assert moved is evaluation or moved.revision == evaluation.revision + 1
        ends += moved.has_ended
        evaluation = moved
        require_whole(evaluation)
    assert ends == int(evaluation.has_ended)


@pytest.mark.parametrize("name", MOVES)
@pytest.mark.parametrize("end", ENDED)
def test_g06_an_end_is_final(name: str, end: EvaluationState) -> None:
    """From an end no move leads anywhere."""
    playing, lease = running()
    over = playing.completed(lease, EVIDENCE) if end is EvaluationState.COMPLETED else playing.cancelled()
    assert over.state is end
    if name != "time passes":
        with pytest.raises((MoveRefusedError, LeaseLostError)):
            MOVES[name](over, lease)


def test_every_state_is_open_or_an_end() -> None:
    """A new state belongs to one of the two, and is open unless it is said to be an end."""
    assert [*OPEN, *ENDED] == [*EvaluationState]
    assert ENDED == (EvaluationState.COMPLETED, EvaluationState.FAILED)


@pytest.mark.parametrize("name", BY_THE_SERVICE)
def test_the_service_moves_received_evaluations_alone(name: str) -> None:
    """What is queued or played is no longer its business."""
    playing, lease = running()
    for evaluation in (queued(), playing):
        with pytest.raises(MoveRefusedError, match=f"is {evaluation.state}, not received"):
            BY_THE_SERVICE[name](evaluation, lease)


@pytest.mark.parametrize("name", BY_LEASE)
def test_g06_a_runner_moves_nothing_without_its_lease(name: str) -> None:
    """Neither another runner's, nor one of another evaluation, nor one of an evaluation that nobody holds."""
    playing, lease = running()
    for other in (Lease.new(playing.id, 10.0), Lease(uuid4(), lease.owner, 10.0)):
        with pytest.raises(LeaseLostError, match=str(playing.id)):
            BY_LEASE[name](playing, other)
    with pytest.raises(LeaseLostError, match="it is queued"):
        BY_LEASE[name](queued(id=playing.id), lease)


@pytest.mark.parametrize("state", OPEN)
def test_an_operator_cancels_whatever_has_not_ended(state: EvaluationState) -> None:
    """An end says of itself that it is one."""
    evaluation = {"received": received(), "queued": queued(), "running": running()[0]}[state]
    assert evaluation.state is state
    assert not evaluation.has_ended
    over = evaluation.cancelled()
    with pytest.raises(EndedError, match="^the evaluation has already ended: it is failed$"):
        over.cancelled()


def test_the_same_request_is_known_again() -> None:
    """Other words for the configuration, the file, the digest or the number of games are another request."""
    controller = FeedbackLoopController(PlayPolicy())
    hex8, square8 = Configuration("hex8", 2), Configuration("square8", 2)
    asked = received(model_path="a", announced_digest=DIGEST, games=4)
    assert asked.asks_for(controller.on_request(uuid4(), hex8, "a", DIGEST, 4))
    for other in ((square8, "a", DIGEST, 4), (hex8, "b", DIGEST, 4), (hex8, "a", None, 4), (hex8, "a", DIGEST, None)):
        assert not asked.asks_for(controller.on_request(uuid4(), *other))
