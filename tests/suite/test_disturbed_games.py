"""An evaluation while what plays it is killed or stopped.

The tests go on in one suite, in their order: to start one takes longer than what they try.
"""

import os
import signal
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from tests.kit.http_client import HTTP
from tests.kit.operator import Operator, running_suite

LONG = {"GAUNTLET_LANES": "16", "AUTO_PROMOTE": "false", "GAUNTLET_LEASE_SECONDS": "2"}


FIRST_CLAIM = 32


def playing(operator: Operator, evaluation: str) -> Any:
    """The evaluation, once a claim of its games is recorded and before they all are."""
    found = operator.get("gauntlet", f"/v1/evaluations/{evaluation}")
    assert found is None or found["state"] != "completed", "it was over before it could be disturbed"
    return found if found and sum(each["games"] for each in found["opponents"]) > FIRST_CLAIM else None


def claims(operator: Operator, evaluation: str) -> list[Any]:
    """What workers began to play of it, in order: each line has its worker's process."""
    return [each for each in operator.logged("run_gauntlet") if each["evaluation_id"] == evaluation]


def workers(operator: Operator, evaluation: str) -> list[int]:
    """The processes that played it, in order."""
    return list(dict.fromkeys(each["worker"] for each in claims(operator, evaluation)))


def places(claim: Any) -> set[tuple[str, int]]:
    """The games of a claim."""
    return {(claim["opponent"], index) for index in range(claim["first"], claim["first"] + claim["games"])}


def require_nothing_twice(operator: Operator, evaluation: str) -> None:
    """Two processes played it, and of what the first one had begun only its last claim was begun again."""
    first, _ = workers(operator, evaluation)
    begun = Counter(game for each in claims(operator, evaluation) for game in places(each))
    last = [each for each in claims(operator, evaluation) if each["worker"] == first][-1]
    assert {game for game, times in begun.items() if times > 1} <= places(last)


@pytest.fixture(scope="module")
def operator() -> Iterator[Operator]:
    """The operator of a suite that promotes nothing by itself."""
    with running_suite(LONG) as operator:
        yield operator


def asked(operator: Operator, games: int) -> str:
    """The id of a new evaluation, some games of which are recorded. `games`: another number each time, or those of before count."""
    operator.training_completed("trained")
    body = {"board_type": "hex8", "num_players": 2, "model_path": "models/trained.pth", "games": games}
    answer = HTTP.post(f"{operator.suite.addresses.url('gauntlet')}/v1/evaluations", json=body, timeout=30)
    evaluation = str(answer.json()["id"])
    operator.eventually(lambda: playing(operator, evaluation))
    return evaluation


def test_g06_killed_in_the_middle_an_evaluation_completes_with_the_same_games(operator: Operator) -> None:
    """SIGKILL of the gauntlet and its worker: the rest is played by the next ones, and the evidence is as if nothing was."""
    evaluation = asked(operator, 160)
    operator.kill("gauntlet")
    operator.start("gauntlet")
    data = operator.eventually(lambda: operator.completed(evaluation))
    assert len(operator.events("gauntlet", "EVALUATION_STARTED")) == 1
    assert operator.get("gauntlet", f"/v1/evaluations/{evaluation}")["attempts"] == 0
    require_nothing_twice(operator, evaluation)
    address = f"{operator.suite.addresses.url('gauntlet')}/v1/evaluations/{evaluation}/verification"
    undisturbed = HTTP.get(address, timeout=150).json()
    assert undisturbed["holds"]
    assert undisturbed["identical"] == sum(each["games"] for each in data["evidence"]["opponents"])


def test_g06_a_killed_worker_is_replaced(operator: Operator) -> None:
    """SIGKILL of the worker alone: another one plays the rest, nothing is counted twice, and its end is told."""
    evaluation = asked(operator, 162)
    os.kill(workers(operator, evaluation)[0], signal.SIGKILL)
    data = operator.eventually(lambda: operator.completed(evaluation))
    games = operator.get("gauntlet", f"/v1/evaluations/{evaluation}/games?limit=1000")["items"]
    assert len(games) == sum(each["games"] for each in data["evidence"]["opponents"])
    assert len({game["seed"] for game in games}) == len(games)
    [lost] = [each for each in operator.logged("worker lost") if each["evaluation_id"] == evaluation]
    assert "the worker was killed" in lost["reason"]
    assert not operator.logged("worker failed")
    require_nothing_twice(operator, evaluation)


def test_g06_stopped_in_good_order_an_evaluation_goes_on_later(operator: Operator) -> None:
    """SIGTERM in the middle of the games: no worker stays behind, no attempt is counted, and the rest is played later."""
    evaluation = asked(operator, 164)
    gauntlet = operator.suite.processes["gauntlet"]
    gauntlet.stop()
    assert "Traceback" not in (log := gauntlet.log_since_start()), log
    with pytest.raises(ProcessLookupError):
        os.kill(workers(operator, evaluation)[0], 0)
    operator.start("gauntlet")
    operator.eventually(lambda: operator.completed(evaluation))
    assert operator.get("gauntlet", f"/v1/evaluations/{evaluation}")["attempts"] == 0
    require_nothing_twice(operator, evaluation)
