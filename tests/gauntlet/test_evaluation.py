"""The evaluation by itself: which moves there are, who may make them, and that an end is an end."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gauntlet.cost import Cost
from services.gauntlet.errors import EndedError, MoveRefusedError
from services.gauntlet.evaluation import ENDED, OPEN, Evaluation
from services.gauntlet.feedback_loop import FeedbackLoopController
from shared.contract.configuration import Configuration
from shared.contract.policy import PlayPolicy
from shared.contract.words import EvaluationState
from tests.gauntlet.fakes import ARTIFACT, DIGEST, EVIDENCE, MODEL, POLICY, PREVIOUS, queued, received, running

Move = Callable[[Evaluation], Evaluation]
BY_THE_SERVICE: dict[str, Move] = {
    "taken_in": lambda evaluation: evaluation.taken_in(ARTIFACT, 42),
    "ruled_by": lambda evaluation: evaluation.ruled_by(POLICY),
    "stalled": lambda evaluation: evaluation.stalled("no room"),
    "rejected": lambda evaluation: evaluation.rejected("model_not_found", "no such file"),
}
WHILE_PLAYED: dict[str, Move] = {
    "described": lambda evaluation: evaluation.described(MODEL, "partial"),
    "progressed": lambda evaluation: evaluation.progressed(Cost(1.0, 0.5, 2)),
    "worker_lost": lambda evaluation: evaluation.worker_lost("code -9", 3),
    "completed": lambda evaluation: evaluation.completed(EVIDENCE),
    "recognised": lambda evaluation: evaluation.recognised(5, is_canonical=False),
    "held_up": lambda evaluation: evaluation.held_up("worker gpu-7: 60 MiB of memory are free"),
    "failed": lambda evaluation: evaluation.failed("internal", "out of order"),
    "overdue": lambda evaluation: evaluation.overdue(60.0, 3),
}
MOVES: dict[str, Move] = {
    **BY_THE_SERVICE,
    "begun": lambda evaluation: evaluation.begun(PREVIOUS),
    **WHILE_PLAYED,
    "cancelled": lambda evaluation: evaluation.cancelled(),
}
BEGINNING = received(id=UUID(int=1))


def require_whole(evaluation: Evaluation) -> None:
    """What the database requires of every row (migrations/), and what its readers rely on."""
    state = evaluation.state
    bytes_known = (evaluation.digest is not None, evaluation.size is not None, evaluation.seed is not None)
    assert len(set(bytes_known)) == 1
    assert (evaluation.policy_id is None) == (evaluation.gates is None)
    assert evaluation.started_at is not None or state not in (EvaluationState.RUNNING, EvaluationState.COMPLETED)
    assert 0 <= evaluation.attempts < 3
    assert (state is EvaluationState.COMPLETED) == (evaluation.evidence is not None)
    assert (state is EvaluationState.FAILED) == (evaluation.failure_code is not None)
    assert (evaluation.failure_code is None) == (evaluation.failure_reason is None)
    assert (state in ENDED) == evaluation.has_ended == (evaluation.ended_at is not None)
    if state is not EvaluationState.RUNNING:
        assert (state is EvaluationState.RECEIVED) == (evaluation.waits_for is not None)
    if state not in (EvaluationState.RECEIVED, EvaluationState.FAILED):
        assert evaluation.playable.digest == evaluation.digest


@given(st.lists(st.sampled_from([*MOVES]), max_size=40))
def test_g06_no_sequence_of_moves_leaves_an_end(tried: list[str]) -> None:
    """Whatever is tried in whatever order: it stays whole, its cost never falls, and it reaches at most one end, once."""
    evaluation, ends = BEGINNING, 0
    for name in tried:
        try:
            moved = MOVES[name](evaluation)
        except MoveRefusedError:
            continue
        assert not evaluation.has_ended
        assert moved is evaluation or moved.revision == evaluation.revision + 1
        assert all(now >= before for now, before in zip(moved.cost, evaluation.cost, strict=True))
        ends += moved.has_ended
        evaluation = moved
        require_whole(evaluation)
    assert ends == int(evaluation.has_ended)


@pytest.mark.parametrize("name", MOVES)
@pytest.mark.parametrize("end", ENDED)
def test_g06_an_end_is_final(name: str, end: EvaluationState) -> None:
    """From an end no move leads anywhere."""
    over = running().completed(EVIDENCE) if end is EvaluationState.COMPLETED else running().cancelled()
    assert over.state is end
    with pytest.raises(MoveRefusedError):
        MOVES[name](over)


def test_every_state_is_open_or_an_end() -> None:
    """A new state belongs to one of the two, and is open unless it is said to be an end."""
    assert [*OPEN, *ENDED] == [*EvaluationState]
    assert ENDED == (EvaluationState.COMPLETED, EvaluationState.FAILED)


@pytest.mark.parametrize("name", BY_THE_SERVICE)
def test_the_service_moves_received_evaluations_alone(name: str) -> None:
    """What is queued or played is no longer its business."""
    for evaluation in (queued(), running()):
        with pytest.raises(MoveRefusedError, match=f"is {evaluation.state}, not received"):
            BY_THE_SERVICE[name](evaluation)


@pytest.mark.parametrize("name", WHILE_PLAYED)
def test_g06_only_what_is_played_is_moved_by_those_who_play(name: str) -> None:
    """Neither one that waits for something, nor one whose games nobody has claimed."""
    for evaluation in (received(), queued()):
        with pytest.raises(MoveRefusedError, match=f"is {evaluation.state}, not running"):
            WHILE_PLAYED[name](evaluation)


@pytest.mark.parametrize("state", OPEN)
def test_an_operator_cancels_whatever_has_not_ended(state: EvaluationState) -> None:
    """An end says of itself that it is one."""
    evaluation = {"received": received(), "queued": queued(), "running": running()}[state]
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
