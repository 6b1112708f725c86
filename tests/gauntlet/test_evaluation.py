"""The evaluation's states by themselves: which moves there are, who may make them, and that an end is an end."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gauntlet.evaluation import (
    CLAIM,
    COMPLETE,
    ENDED,
    FAIL,
    MOVES,
    OPEN,
    RELEASE,
    TAKE_IN,
    TAKE_OVER,
    Actor,
    Evaluation,
    Lease,
    Move,
)  # fmt: skip
from shared.contract.configuration import Configuration
from shared.contract.policy import GatePolicy, PlayPolicy
from shared.contract.words import EvaluationState

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ACTORS: tuple[Actor, ...] = ("service", "runner", "operator")


def new(state: EvaluationState = EvaluationState.RECEIVED) -> Evaluation:
    """An evaluation in some state."""
    return Evaluation(
        id=uuid4(), configuration=Configuration("hex8", 2), reason="training", cause=None, request_id=None,
        model_path="models/a.pth", announced_digest=None, games=None, policy=GatePolicy(), play=PlayPolicy(), skip_games=False,
        state=state, waits_for=None, digest="0" * 64, size=1, seed=1, previous=None, model=None, attempts=0, revision=0,
        evidence=None, failure_code=None, failure_reason=None, requested_at=NOW, started_at=None, ended_at=None,
    )  # fmt: skip


ALLOWED = {
    (EvaluationState.RECEIVED, "service"): {TAKE_IN, FAIL},
    (EvaluationState.RECEIVED, "runner"): {FAIL},
    (EvaluationState.RECEIVED, "operator"): {FAIL},
    (EvaluationState.QUEUED, "service"): {FAIL},
    (EvaluationState.QUEUED, "runner"): {CLAIM, FAIL},
    (EvaluationState.QUEUED, "operator"): {FAIL},
    (EvaluationState.RUNNING, "service"): {FAIL},
    (EvaluationState.RUNNING, "runner"): {TAKE_OVER, RELEASE, COMPLETE, FAIL},
    (EvaluationState.RUNNING, "operator"): {FAIL},
}


@pytest.mark.parametrize("state", EvaluationState)
@pytest.mark.parametrize("actor", ACTORS)
def test_g06_who_may_make_which_move(state: EvaluationState, actor: Actor) -> None:
    """Exactly the moves of the picture in evaluation.py, and none from an end."""
    found = {move for move in MOVES if new(state).may(move, actor)}
    assert found == ALLOWED.get((state, actor), set())


@given(st.lists(st.tuples(st.sampled_from(MOVES), st.sampled_from(ACTORS)), max_size=30))
def test_g06_an_evaluation_ends_once(tried: list[tuple[Move, Actor]]) -> None:
    """Whatever is tried in whatever order, at most one move leads to an end, and nothing follows it."""
    evaluation, ends = new(), 0
    for move, actor in tried:
        if evaluation.may(move, actor):
            assert not evaluation.has_ended
            evaluation = replace(evaluation, state=move.target)
            ends += evaluation.has_ended
    assert ends == int(evaluation.has_ended) <= 1


def test_g06_every_state_but_an_end_leads_on() -> None:
    """No evaluation is stuck: from every open state there is a way to an end."""
    assert set(OPEN) | set(ENDED) == set(EvaluationState)
    assert [new(state).has_ended for state in EvaluationState] == [False, False, False, True, True]
    for state in OPEN:
        assert any(move.target in ENDED for move in MOVES if state in move.sources)


def test_attempts_are_counted_to_their_end() -> None:
    """With three attempts, the third is the last, and a fourth is not made."""
    tried = [replace(new(), attempts=attempts) for attempts in (2, 3, 4)]
    assert [each.is_last_attempt(3) for each in tried] == [False, True, True]
    assert [each.is_spent(3) for each in tried] == [False, False, True]


def test_what_an_evaluation_meets_is_fixed_at_its_start() -> None:
    """Before the first attempt nothing is."""
    assert not new().has_started
    assert replace(new(), started_at=NOW).has_started


def test_a_lease_beats_several_times_before_it_runs_out() -> None:
    """Each lease has an owner of its own."""
    lease = Lease(uuid4(), Lease.new_owner(), 10.0)
    assert lease.heartbeat_seconds == 2.5
    assert Lease.new_owner() != Lease.new_owner()
