"""Anyone checks a verdict on a machine of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.kit.operator import Operator, evaluation_of

pytestmark = pytest.mark.parametrize("settings_changed", [{"GAUNTLET_GAMES": "6"}])


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


def verify(operator: Operator, evaluation_id: str) -> subprocess.CompletedProcess[str]:
    """The command, once it has ended."""
    command = [f"{sys.prefix}/bin/ringrift", "evaluation", "verify", evaluation_id, "--json"]
    url = {"RINGRIFT_GAUNTLET_URL": operator.suite.addresses.url("gauntlet")}
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=os.environ | url, check=False)
