"""The whole loop while processes are killed, the stream is deleted and events come twice."""

import os
import signal
from typing import Any

import pytest

from shared.messaging.bus import Bus
from shared.messaging.nats_stream import STREAM
from tests.kit.operator import HEX8, Operator, evaluation_of

LONG = {"GAUNTLET_GAMES": "300", "GAUNTLET_LANES": "16", "AUTO_PROMOTE": "false", "GAUNTLET_LEASE_SECONDS": "2"}


def playing(operator: Operator, evaluation: str) -> Any:
    """The evaluation, once some of its games are recorded and before they all are."""
    found = operator.get("gauntlet", f"/v1/evaluations/{evaluation}")
    assert found is None or found["state"] != "completed", "it was over before it could be disturbed"
    return found if found and any(each["games"] for each in found["opponents"]) else None


@pytest.mark.parametrize("settings_changed", [LONG])
async def test_g06_killed_in_the_middle_an_evaluation_completes_with_the_same_games(operator: Operator) -> None:
    """SIGKILL of the gauntlet and its worker: the rest is played by the next ones, and the evidence is as if nothing was."""
    event = operator.training_completed("trained")
    await operator.publish(event)
    operator.eventually(lambda: playing(operator, evaluation_of(event)))
    operator.kill("gauntlet")
    operator.start("gauntlet")
    [completed] = operator.eventually(lambda: operator.events("gauntlet", "EVALUATION_COMPLETED"))
    assert completed["data"]["evaluation_id"] == evaluation_of(event)
    again = operator.training_completed("trained")
    await operator.publish(again)
    _, undisturbed = operator.eventually(
        lambda: found if len(found := operator.events("gauntlet", "EVALUATION_COMPLETED")) == 2 else None
    )
    assert completed["data"]["evidence"]["opponents"] == undisturbed["data"]["evidence"]["opponents"]
    assert len(operator.events("gauntlet", "EVALUATION_STARTED")) == 2
    first, second, last = operator.logged("run_gauntlet")
    assert (first["resumed"], last["resumed"]) == (0, 0)
    assert second["resumed"] > 0


@pytest.mark.parametrize("settings_changed", [LONG])
async def test_g06_a_killed_worker_is_replaced(operator: Operator) -> None:
    """SIGKILL of the worker alone: another one plays the rest, and nothing is counted twice."""
    event = operator.training_completed("trained")
    await operator.publish(event)
    operator.eventually(lambda: playing(operator, evaluation_of(event)))
    os.kill(operator.logged("run_gauntlet")[0]["worker"], signal.SIGKILL)
    [completed] = operator.eventually(lambda: operator.events("gauntlet", "EVALUATION_COMPLETED"))
    games = operator.get("gauntlet", f"/v1/evaluations/{evaluation_of(event)}/games?limit=1000")["items"]
    assert len(games) == sum(each["games"] for each in completed["data"]["evidence"]["opponents"])
    assert len({game["seed"] for game in games}) == len(games)
    assert len(operator.logged("run_gauntlet")) == 2


@pytest.mark.parametrize("settings_changed", [LONG])
async def test_g06_stopped_in_good_order_an_evaluation_goes_on_later(operator: Operator) -> None:
    """SIGTERM in the middle of the games: no worker stays behind, no attempt is counted, and the rest is played later."""
    event = operator.training_completed("trained")
    await operator.publish(event)
    operator.eventually(lambda: playing(operator, evaluation_of(event)))
    gauntlet = operator.suite.processes["gauntlet"]
    gauntlet.stop()
    assert "Traceback" not in gauntlet.log_since_start()
    with pytest.raises(ProcessLookupError):
        os.kill(operator.logged("run_gauntlet")[0]["worker"], 0)
    operator.start("gauntlet")
    operator.eventually(lambda: len(operator.logged("run_gauntlet")) == 2)
    found = operator.get("gauntlet", f"/v1/evaluations/{evaluation_of(event)}")
    assert found["attempts"] <= 1
    operator.eventually(lambda: operator.events("gauntlet", "EVALUATION_COMPLETED"))


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


async def test_g03_the_same_event_twice_is_one_promotion(operator: Operator) -> None:
    """The trainer's and the gauntlet's event, each published twice: one evaluation, one decision, one version."""
    event = operator.training_completed("trained")
    await operator.publish(event)
    await operator.publish(event)
    assert operator.delivered("trained")["version"] == 1
    [evaluated] = operator.events("gauntlet", "EVALUATION_COMPLETED")
    await operator.publish(type(event).model_validate(evaluated))
    await operator.publish(operator.training_completed("untrained"))
    operator.eventually(lambda: len(operator.events("gauntlet", "EVALUATION_COMPLETED")) == 2)
    operator.eventually(lambda: len(operator.get("promotion", "/v1/decisions")["items"]) == 2)
    assert [each["data"]["version"] for each in operator.events("promotion", "MODEL_PROMOTED")] == [1]


@pytest.mark.parametrize("victim", ["promotion", "distribution", "node-1"])
async def test_g12_killed_and_started_again_the_loop_goes_on(operator: Operator, victim: str) -> None:
    """SIGKILL while the candidate is played, restart when it is decided or not: it is promoted once and arrives."""
    await operator.publish(operator.training_completed("trained"))
    operator.eventually(lambda: operator.events("gauntlet", "EVALUATION_STARTED"))
    operator.kill(victim)
    operator.eventually(lambda: operator.events("gauntlet", "EVALUATION_COMPLETED"))
    operator.start(victim)
    assert operator.delivered("trained")["version"] == 1
    completed = operator.eventually(lambda: operator.events("distribution", "DISTRIBUTION_COMPLETED"))
    assert completed[0]["data"]["nodes"] == ["node-1"]
    assert len(operator.get("promotion", f"/v1/configurations/{HEX8}/versions")["items"]) == 1
