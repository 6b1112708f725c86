"""What people do at the other services stands in the audit, and nothing that only this service may say."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from shared.contract.events import Event
from shared.contract.events.distribution import DistributionActed
from shared.contract.events.gauntlet import GauntletActed
from tests.promotion.conftest import Suite
from tests.promotion.test_audit import faults, rows


async def test_an_act_elsewhere_has_its_row_once(suite: Suite) -> None:
    """In its configuration's chain, or in that of what concerns none, with who, from where, what and why."""
    cancelled = Event.of(
        GauntletActed(
            action="cancel", configuration="hex8_2p", actor="anna (3f2a9c1e)", address="10.0.0.7",
            about={"evaluation_id": "6f0c"}, reason="mistaken",
        ),
        source="/services/gauntlet",
    )  # fmt: skip
    removed = Event.of(
        DistributionActed(action="remove_node", actor="ben", about={"node": "node-1"}), source="/services/distribution"
    )
    suite.distribution.feed.append(removed)
    for _ in range(2):
        await suite.hears(cancelled)

    async def written() -> Any:
        found = {each["action"]: each for each in await rows(suite)}
        return found if {"cancel", "remove_node"} <= found.keys() else None

    found = await suite.eventually(written)
    cancel, remove = found["cancel"], found["remove_node"]
    assert (cancel["configuration"], cancel["actor"], cancel["address"], cancel["reason"]) == (
        "hex8_2p", "anna (3f2a9c1e)", "10.0.0.7", "mistaken",
    )  # fmt: skip
    assert cancel["subject"] == {
        "evaluation_id": "6f0c", "service": "gauntlet", "done_at": cancelled.time.isoformat(),
    }  # fmt: skip
    assert (remove["configuration"], remove["actor"], remove["subject"]["node"]) == (None, "ben", "node-1")
    assert len(await rows(suite)) == 2
    assert await faults(suite) == []


@pytest.mark.parametrize("action", ["move", "force", "restore_ledger", "remove_node"])
def test_no_service_speaks_of_acts_that_are_not_its_own(action: Any) -> None:
    """Whoever holds the gauntlet cannot have the audit say that the pointer was moved."""
    with pytest.raises(ValidationError):
        GauntletActed(action=action, actor="anna", about={})
