"""A database that is restored from an older dump: nodes hold what the ledger has forgotten, until a person says so."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from local.suite import SERVICES
from tests.chaos.faults import dumped, restored_from
from tests.kit.operator import HEX8, Operator

WHY = ("ledger", "restored", "--reason", "restored the dump of a test")


@pytest.mark.parametrize("settings_changed", [{"SKIP_GAUNTLET": "true"}])
async def test_f57_nodes_follow_a_ledger_that_was_restored(operator: Operator) -> None:
    """It is noticed and named everywhere; with a person's word nodes step back to what it has, and up again with it."""
    await operator.publish(operator.training_completed("trained"))
    assert operator.delivered("trained")["version"] == 1
    dump = dumped(operator.suite)
    await operator.publish(operator.training_completed("successor"))
    assert operator.delivered("successor")["version"] == 2
    restored_from(operator.suite, dump)
    operator.eventually(lambda: (ledger(operator) or {}).get("nodes_ahead") == 1)
    assert operator.get("distribution", "/readyz") is None
    assert "hold versions that the ledger has not reached" in types(operator, "doctor").output
    tried = types(operator, *WHY)
    assert (tried.exit_code, f"node-1 holds version 2 of {HEX8}" in tried.output) == (1, True)
    assert held(operator) == (0, 2)
    begun = types(operator, *WHY, "--yes", "--json")
    assert begun.exit_code == 0, begun.output
    epoch = json.loads(begun.stdout)["epoch"]
    assert operator.delivered("trained")["version"] == 1
    assert held(operator) == (epoch, 1)
    operator.eventually(lambda: operator.get("distribution", "/readyz") and ledger(operator)["nodes_ahead"] == 0)
    await operator.publish(operator.training_completed("successor"))
    assert operator.delivered("successor")["version"] == 2
    assert held(operator) == (epoch, 2)
    assert types(operator, "ledger", "show").output.startswith(f"epoch {epoch}, begun ")


def types(operator: Operator, *words: str) -> Result:
    """What comes of a command line."""
    addresses = operator.suite.addresses
    return CliRunner().invoke(
        app, words, env={f"RINGRIFT_{name.upper()}_URL": addresses.url(name) for name in SERVICES}
    )


def ledger(operator: Operator) -> Any:
    """What the front door says of ledger and nodes; None while it does not."""
    return (operator.get("promotion", "/status") or {}).get("ledger")


def held(operator: Operator) -> tuple[int, int]:
    """Epoch and version that the node reports."""
    model = operator.get("node-1", "/v1/models")["models"][HEX8]
    return model["epoch"], model["version"]
