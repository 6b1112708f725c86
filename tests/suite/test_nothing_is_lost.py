"""The whole loop while messages are lost, processes are killed and events come twice.

The tests go on in one suite, in their order: to start one takes longer than what they try.
"""

from collections.abc import Iterator

import pytest

from shared.messaging.bus import Bus
from shared.messaging.permissions import STREAM
from tests.kit.operator import HEX8, Operator, evaluation_of, running_suite


@pytest.fixture(scope="module")
def operator() -> Iterator[Operator]:
    """The operator of a suite with one node."""
    with running_suite({}) as operator:
        yield operator


async def test_g04_a_stream_deleted_between_evaluation_and_promotion_only_delays(operator: Operator) -> None:
    """The promotion service is down while the model is evaluated, and the stream is gone when it is back."""
    operator.kill("promotion")
    await operator.publish(operator.training_completed("trained"))
    operator.eventually(lambda: operator.events("gauntlet", "EVALUATION_COMPLETED"))
    bus = Bus(operator.suite.nats.url, "test")
    try:
        assert await (await bus.connect()).jetstream().delete_stream(STREAM)
    finally:
        await bus.close()
    operator.start("promotion")
    assert operator.delivered("trained")["version"] == 1


async def test_g12_killed_and_started_again_the_loop_goes_on(operator: Operator) -> None:
    """SIGKILL of all but the gauntlet while a candidate is played, restart when it is decided or not: it is promoted once
    and arrives."""
    event = operator.training_completed("successor")
    await operator.publish(event)
    operator.eventually(lambda: len(operator.events("gauntlet", "EVALUATION_STARTED")) == 2)
    for victim in ("promotion", "distribution", "node-1"):
        operator.kill(victim)
    operator.eventually(lambda: operator.completed(evaluation_of(event)))
    for victim in ("node-1", "distribution", "promotion"):
        operator.start(victim)
    assert operator.delivered("successor")["version"] == 2
    [*_, last] = operator.eventually(
        lambda: found if len(found := operator.events("distribution", "DISTRIBUTION_COMPLETED")) == 2 else None
    )
    assert last["data"]["nodes"] == ["node-1"]
    assert len(operator.get("promotion", f"/v1/configurations/{HEX8}/versions")["items"]) == 2


async def test_g03_the_same_event_twice_is_one_decision(operator: Operator) -> None:
    """The trainer's and the gauntlet's event, each published twice: one evaluation, one decision, one version."""
    event = operator.training_completed("untrained")
    await operator.publish(event)
    await operator.publish(event)
    operator.eventually(lambda: operator.completed(evaluation_of(event)))
    for evaluated in operator.events("gauntlet", "EVALUATION_COMPLETED"):
        await operator.publish(type(event).model_validate(evaluated))
    await operator.publish(operator.training_completed("trained"))
    assert operator.delivered("trained")["version"] == 3
    assert len(operator.get("promotion", "/v1/decisions")["items"]) == 4
    assert [each["data"]["version"] for each in operator.events("promotion", "MODEL_PROMOTED")] == [1, 2, 3]
