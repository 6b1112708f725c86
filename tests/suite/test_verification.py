"""Anyone checks a verdict on a machine of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.kit.operator import Operator, evaluation_of, running_suite

LOUD = ("warning", "error", "critical")


@pytest.fixture(scope="module")
def operator() -> Iterator[Operator]:
    """The operator of a suite in which nothing goes wrong."""
    with running_suite({"GAUNTLET_GAMES": "6"}) as operator:
        yield operator


async def test_the_command_plays_every_game_again(operator: Operator) -> None:
    """`ringrift evaluation verify` fetches rows and models, plays here, and finds every game identical."""
    event = operator.training_completed("trained")
    await operator.publish(event)
    operator.eventually(lambda: operator.events("gauntlet", "EVALUATION_COMPLETED"))
    ended = verify(operator, evaluation_of(event))
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    assert (found["holds"], found["tampered"]) == (True, 0)
    assert found["identical"] == found["replayed"] == found["games"] > 0
    assert verify(operator, "00000000-0000-0000-0000-000000000000").returncode == 2


def test_f12_a_clean_run_gives_no_alarm(operator: Operator) -> None:
    """A training was evaluated, judged and delivered, and nothing in the log is above information."""
    operator.eventually(lambda: operator.events("promotion", "MODEL_PROMOTION_FAILED"))
    lines = [json.loads(line) for line in operator.suite.log.read_text().splitlines() if line.startswith("{")]
    assert [each for each in lines if each["level"] in LOUD] == []
    assert {"run_gauntlet", "played", "decided"} <= {each["event"] for each in lines}


def verify(operator: Operator, evaluation_id: str) -> subprocess.CompletedProcess[str]:
    """The command, once it has ended."""
    command = [f"{sys.prefix}/bin/ringrift", "evaluation", "verify", evaluation_id, "--json"]
    url = {"RINGRIFT_GAUNTLET_URL": operator.suite.addresses.url("gauntlet")}
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=os.environ | url, check=False)
