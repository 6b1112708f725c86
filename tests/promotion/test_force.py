"""Force: its reason, and the games that a forced version owes, through the front door."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from shared.contract.events.gauntlet import EvaluationFailed
from tests.promotion.conftest import Suite, announcement, completed, loaded
from tests.promotion.test_front_door import is_problem
from tests.promotion.test_people import BAD, HEX8, met


async def forced(suite: Suite) -> tuple[str, Any]:
    """Force a model; returns its digest and what was asked for afterwards."""
    request = await suite.asked(force=True, reason="the hotfix")
    digest = suite.add_model(b"asked")
    await suite.hears(loaded(digest, request["id"]))
    assert (await suite.closed(request["id"]))["state"] == "promoted"
    return digest, (await suite.events("EVALUATION_REQUESTED"))[-1]["data"]


async def test_force_needs_a_reason(suite: Suite) -> None:
    """Nobody skips the games without a word."""
    body = {"model_path": "models/a.pth", "board_type": "hex8", "num_players": 2, "force": True}
    is_problem(await suite.posts("/admin/promote", body), 422, "invalid-request", "force needs a reason")


@pytest.mark.parametrize(("wins", "state"), [(43, "confirmed"), (3, "failed")])
async def test_a_forced_version_is_evaluated_afterwards(suite: Suite, wins: int, state: str) -> None:
    """It owes its games: they are asked for by themselves, what they find is said, and nothing is rolled back."""
    digest, asked = await forced(suite)
    assert (asked["reason"], asked["digest"]) == ("review", digest)
    [owed] = (await suite.get("/status"))["promotion_status"]["waivers"]
    assert (owed["state"], owed["version"], owed["reason"], owed["is_expired"]) == ("open", 1, "the hotfix", False)
    await suite.hears(announcement(completed(digest, None, wins, UUID(asked["request_id"]))))

    async def reviewed() -> Any:
        items = (await suite.get("/v1/decisions"))["items"]
        return items[0] if items[0]["code"] == "reviewed" else None

    decision = await suite.eventually(reviewed)
    assert decision["verdict"] == ("passed" if wins == 43 else "failed")
    waivers = (await suite.get("/status"))["promotion_status"]["waivers"]
    assert [each["state"] for each in waivers] == ([] if state == "confirmed" else ["failed"])
    assert all("win rate 6.0%" in each["finding"] for each in waivers)
    assert ((await suite.canonical())["version"], await suite.events("MODEL_PROMOTION_FAILED")) == (1, [])


async def test_a_forced_version_that_cannot_be_evaluated_is_told(suite: Suite) -> None:
    """Its waiver says why there are no games."""
    _, asked = await forced(suite)
    failed = EvaluationFailed(
        board_type="hex8", num_players=2, evaluation_id=UUID(int=9), code="too_slow", reason="an hour a move",
        request_id=UUID(asked["request_id"]),
    )  # fmt: skip
    await suite.hears(announcement(failed))

    async def told() -> Any:
        [one] = (await suite.get("/status"))["promotion_status"]["waivers"]
        return one if one["state"] == "unevaluated" else None

    assert (await suite.eventually(told))["finding"] == "too_slow: an hour a move"


async def test_a_forced_version_that_is_canonical_no_more_owes_nothing(suite: Suite) -> None:
    """Its late evaluation neither promotes it again nor shows."""
    await suite.promoted(b"first")
    digest, asked = await forced(suite)
    await suite.posts(f"{HEX8}/rollback", BAD)
    assert (await suite.get("/status"))["promotion_status"]["waivers"] == []
    await suite.hears(announcement(completed(digest, await met(suite), 50, UUID(asked["request_id"]))))

    async def reviewed() -> Any:
        return [each for each in (await suite.get("/v1/decisions"))["items"] if each["code"] == "reviewed"]

    assert await suite.eventually(reviewed)
    assert (await suite.canonical())["version"] == 3


@pytest.mark.parametrize("settings_changed", [{"waiver_seconds": 0.001}])
async def test_a_waiver_expires(suite: Suite) -> None:
    """An evaluation that does not come is overdue, and that shows."""
    await forced(suite)
    [owed] = (await suite.get("/status"))["promotion_status"]["waivers"]
    assert (owed["state"], owed["is_expired"]) == ("open", True)
