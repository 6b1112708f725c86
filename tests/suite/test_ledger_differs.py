"""Nodes that were led above the ledger come back by what docs/operations.md tells an operator to do."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.kit.operator import HEX8, Operator

PAGE = Path(__file__).resolve().parents[2] / "docs" / "operations.md"
AWAY = f"UPDATE distribution.canonical SET version = 9000 WHERE configuration = '{HEX8}'"


@pytest.mark.parametrize("settings_changed", [{"SKIP_GAUNTLET": "true"}])
async def test_f55_what_the_page_says_brings_the_nodes_back(operator: Operator) -> None:
    """A version that the ledger never named is shown, and after the page's statements nodes hold the ledger's and follow it."""
    await operator.publish(operator.training_completed("trained"))
    assert operator.delivered("trained")["version"] == 1
    operator.suite.postgres.execute(AWAY, database="ringrift")
    operator.eventually(lambda: held(operator) == 9000)
    operator.eventually(lambda: ledger(operator)["agrees"] is False)
    [difference] = ledger(operator)["differences"]
    assert (difference["ledger"]["version"], difference["here"]["version"]) == (1, 9000)
    assert operator.get("distribution", "/readyz") is None
    for statement in statements():
        operator.suite.postgres.execute(statement, database="ringrift")
    state(operator).unlink()
    operator.eventually(lambda: held(operator) == 1)
    operator.eventually(lambda: ledger(operator)["agrees"])
    await operator.publish(operator.training_completed("successor"))
    assert operator.delivered("successor")["version"] == 2


def statements() -> list[str]:
    """Those of the page."""
    [block] = re.findall(r"```sql\n(.*?)```", PAGE.read_text(), re.DOTALL)
    return [each for each in block.split(";") if each.strip()]


def ledger(operator: Operator) -> Any:
    """What the front door says of ledger and nodes."""
    return operator.get("promotion", "/status")["ledger"] or {"agrees": None}


def held(operator: Operator) -> Any:
    """The version that the node reports."""
    models = (operator.get("node-1", "/v1/models") or {}).get("models", {})
    return models.get(HEX8, {}).get("version")


def state(operator: Operator) -> Path:
    """The file in which a node remembers how high it was."""
    return operator.suite.folder / "nodes" / "node-1" / "state" / f"{HEX8}.json"
