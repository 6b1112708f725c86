"""Letting models go: never what somebody needs, first aside and then for good, and nothing while it is not known who needs what."""

from __future__ import annotations

import asyncio
import os
import time
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.promotion.collection import DAY, CollectionRules, plan
from shared.storage.artifacts import StoredArtifact
from tests.promotion.conftest import Suite
from tests.promotion.test_projection import holds

NOW = 1000 * DAY
MODELS = st.lists(
    st.builds(StoredArtifact, st.sampled_from("abcdef"), st.integers(1, 9), st.floats(0, NOW)),
    unique_by=lambda each: each.digest,
)


@given(
    kept=MODELS, condemned=MODELS, needed=st.sets(st.sampled_from("abcdef")), days=st.sampled_from([0.0, 30.0, 900.0])
)
def test_g17_nothing_goes_that_is_needed(
    kept: list[StoredArtifact], condemned: list[StoredArtifact], needed: set[str], days: float
) -> None:
    """Nor what is younger than the rules say; what is needed after all comes back."""
    found = plan(kept, condemned, dict.fromkeys(needed, "why"), CollectionRules(days, 7), NOW)
    assert not needed & {each.digest for each in (*found.condemned, *found.deleted)}
    assert {each.digest for each in found.restored} == needed & {each.digest for each in condemned}
    assert all(each.at <= NOW - 7 * DAY and each in condemned for each in found.deleted)
    assert all(each.at <= NOW - days * DAY and each in kept and days for each in found.condemned)
    going = {each for each in kept if each.digest not in needed and each.at <= NOW - days * DAY}
    assert set(found.condemned) == (going if days else set())


async def aged(suite: Suite, digest: str, days: float, place: Any = "kept") -> None:
    """The model was taken in, or condemned, so long ago."""
    then = time.time() - days * DAY
    await asyncio.to_thread(os.utime, suite.store.path(digest, place), (then, then))


async def collected(suite: Suite, dry_run: bool = False) -> Any:
    """The digests of what a collection does, by what it does."""
    asked = {"days": 30, "dry_run": dry_run}
    answer = await suite.client.post("/v1/artifacts/collection", params=asked)
    assert answer.status_code == 200, answer.text
    return {name: [each["digest"] for each in which] for name, which in answer.json().items() if name != "dry_run"}


async def test_g17_models_go_in_two_steps(suite: Suite) -> None:
    """What was canonical stays, and what is evaluated; the rest is condemned, comes back for whoever asks, and is deleted after the
    grace."""
    first, second = await suite.promoted(b"first"), await suite.promoted(b"secnd")
    await holds(suite, b"secnd", b"first")
    useless, evaluated, young = (suite.add_model(content) for content in (b"usels", b"evald", b"young"))
    suite.gauntlet.evaluations = [{"digest": evaluated}, {"digest": None}]
    for digest in (first, second, useless, evaluated):
        await aged(suite, digest, 100)
    page = await suite.get("/v1/artifacts")
    assert {each["digest"]: each["needed_for"] for each in page["items"]} == {
        first: "version 1 of hex8_2p", second: "version 2 of hex8_2p", useless: None, evaluated: "is evaluated", young: None
    }  # fmt: skip
    one = await suite.get("/v1/artifacts?limit=1")
    following = await suite.get(f"/v1/artifacts?limit=4&after={one['next']}")
    assert one["items"] + following["items"] == page["items"]

    wanted = {"condemned": [useless], "deleted": [], "restored": []}
    assert await collected(suite, dry_run=True) == wanted
    assert await asyncio.to_thread(suite.store.path(useless).exists)
    assert await collected(suite) == wanted
    assert await collected(suite) == {"condemned": [], "deleted": [], "restored": []}
    assert await asyncio.to_thread(suite.store.find, useless) is not None
    await aged(suite, useless, 100)
    assert await collected(suite) == wanted
    await aged(suite, useless, 8, "condemned")
    suite.gauntlet.evaluations = [{"digest": useless}, {"digest": evaluated}]
    assert (await collected(suite))["restored"] == [useless]
    suite.gauntlet.evaluations = []
    await aged(suite, useless, 100)
    assert (await collected(suite))["condemned"] == sorted([useless, evaluated])
    await aged(suite, useless, 8, "condemned")
    assert (await collected(suite))["deleted"] == [useless]
    assert await asyncio.to_thread(suite.store.find, useless) is None


async def test_g18_nothing_goes_while_nobody_says_what_is_needed(suite: Suite) -> None:
    """Of a service that does not answer it is not known what it needs; nor does anything go for a number of days that is none."""
    useless = suite.add_model(b"usels")
    await aged(suite, useless, 100)
    suite.gauntlet.evaluations = None
    for path in ("/v1/artifacts", "/v1/artifacts/collection"):
        method = "POST" if path.endswith("collection") else "GET"
        answer = await suite.client.request(method, path, params={"days": 30} if method == "POST" else {})
        assert (answer.status_code, answer.json()["type"].rsplit(":", 1)[1]) == (503, "gauntlet-unreachable")
    for days in ("0", "0.5", "-1", "40000", "many"):
        answer = await suite.client.post("/v1/artifacts/collection", params={"days": days})
        assert answer.status_code == 422
    suite.gauntlet.evaluations, suite.distribution.status = [], {"daemon": "none"}
    answer = await suite.client.post("/v1/artifacts/collection", params={"days": 30})
    assert (answer.status_code, answer.json()["type"].rsplit(":", 1)[1]) == (503, "distribution-unreachable")
    assert await asyncio.to_thread(suite.store.path(useless).exists)
