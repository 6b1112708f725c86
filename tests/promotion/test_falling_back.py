"""A version in whose waves something was wrong: rolled back by itself, if both services are told to, and never more than once."""

from __future__ import annotations

from typing import Any

import pytest

from shared.contract.events import Event
from shared.contract.events.distribution import DistributionFailed
from tests.promotion.conftest import Suite
from tests.promotion.test_audit import faults, rows

WRONG = "node-1: the reload failed: exit code 3"
SET = [{"roll_back_failed": True}]


async def failed(suite: Suite, version: int, digest: str, wanted: Any = "rollback") -> None:
    """The distribution service says that something is wrong with a version, and this service has heard it."""
    data = DistributionFailed(
        board_type="hex8", num_players=2, version=version, digest=digest, delivered=["node-1"], missing={}, reason=WRONG,
        wanted=wanted,
    )  # fmt: skip
    event = Event.of(data, source="/services/distribution")
    suite.distribution.feed.append(event)

    async def heard() -> bool:
        recent = (await suite.get("/status"))["recent_events"]
        return any(each["id"] == str(event.id) for each in recent)

    await suite.eventually(heard)


@pytest.mark.parametrize("settings_changed", SET)
async def test_a_version_that_fails_in_its_waves_is_rolled_back_once(suite: Suite) -> None:
    """The version before is canonical again as a higher one, the audit says why, the bytes that failed are marked; a rollback that
    fails as well is left for a person."""
    first, second = [await suite.promoted(content) for content in (b"first", b"secnd")]
    await failed(suite, 2, second)
    head = await suite.canonical_is(first)
    assert (head["version"], head["kind"]) == (3, "rollback")
    acts = {each["action"]: each for each in await rows(suite)}
    assert (acts["rollback"]["actor"], acts["mark"]["subject"]["digest"]) == ("/services/promotion", second)
    assert WRONG in acts["rollback"]["reason"]
    assert [each["data"]["version"] for each in await suite.events("MODEL_PROMOTED")] == [1, 2, 3]
    await failed(suite, 3, first)
    assert (await suite.canonical())["version"] == 3
    assert await faults(suite) == []


@pytest.mark.parametrize(
    ("settings_changed", "version", "wanted"),
    [({}, 2, "rollback"), (*SET, 1, "rollback"), (*SET, 2, None)],
    ids=["not set", "not canonical", "not wanted"],
)
async def test_nothing_else_moves_the_pointer(suite: Suite, version: int, wanted: Any) -> None:
    """Where this service is not told to, of a version that is not canonical any more, or of one that is only late."""
    digests = [await suite.promoted(content) for content in (b"first", b"secnd")]
    await failed(suite, version, digests[version - 1], wanted)
    assert (await suite.canonical())["version"] == 2


@pytest.mark.parametrize("settings_changed", SET)
async def test_there_must_be_something_to_go_back_to(suite: Suite) -> None:
    """The first version stays, and so does a pinned one; the event counts as handled."""
    first = await suite.promoted(b"first")
    await failed(suite, 1, first)
    assert (await suite.canonical())["version"] == 1
    second = await suite.promoted(b"secnd")
    pinned = await suite.posts("/v1/configurations/hex8_2p/pin", {"reason": "a match"}, method="PUT")
    assert pinned.is_success, pinned.text
    await failed(suite, 2, second)
    assert (await suite.canonical())["version"] == 2
