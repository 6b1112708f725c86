"""API keys as rows, through the front door: made once, good for what they say, refused within seconds of their end."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared.process.credentials import SCOPES, digest_of_key
from tests.promotion.conftest import Suite
from tests.promotion.test_front_door import is_problem
from tests.promotion.test_people import HEX8

KEYS = (
    *(f"{scope}er:{scope}:{digest_of_key(scope)}" for scope in SCOPES),
    f"gauntlet:read:{digest_of_key('gauntlet')}",
)
pytestmark = pytest.mark.parametrize("settings_changed", [{"api_keys": KEYS}])


@pytest.fixture
def people(suite: Suite) -> Suite:
    """The service, and whoever holds the environment's key of scope force."""
    suite.client.headers["Authorization"] = "Bearer force"
    return suite


async def made(suite: Suite, **wanted: Any) -> Any:
    """A new key."""
    answer = await suite.client.post("/v1/keys", json={"name": "anna", **wanted})
    assert (answer.status_code, answer.headers["Cache-Control"]) == (201, "no-store"), answer.text
    return answer.json()


async def presenting(
    suite: Suite, key: str, method: str = "GET", path: str = "/status", body: Any = None
) -> httpx.Response:
    """The answer to who presents a key."""
    return await suite.client.request(method, path, json=body, headers={"Authorization": f"Bearer {key}"})


async def is_answered(suite: Suite, key: str, status: int) -> None:
    """Wait until a key is, or is not, taken."""

    async def so() -> bool:
        return (await presenting(suite, key)).status_code == status

    await suite.eventually(so)


async def test_a_key_is_told_once_and_good_until_it_is_revoked(people: Suite) -> None:
    """Its holder is named by name and id in ledger and audit; afterwards nobody gets in with it."""
    key = await made(people, scope="operate", reason="on duty")
    await is_answered(people, key["key"], 200)
    paused = await presenting(people, key["key"], "PUT", f"{HEX8}/pause", {"reason": "rules change"})
    assert (paused.status_code, paused.json()["placed_by"]) == (200, f"anna ({key['id']})")
    [listed] = (await people.get("/v1/keys"))["items"]
    assert key["key"] not in str(listed)
    assert listed["created_by"] == "forceer"

    async def used() -> Any:
        return (await people.get("/v1/keys"))["items"][0]["last_used_on"]

    assert await people.eventually(used)
    ended = await people.client.delete(f"/v1/keys/{key['id']}?reason=left")
    assert (ended.status_code, ended.json()["revoked_because"]) == (200, "left")
    await is_answered(people, key["key"], 401)
    again = await people.client.delete(f"/v1/keys/{key['id']}?reason=again")
    assert again.json()["revoked_because"] == "left"
    assert (await people.get("/v1/keys"))["items"] == []
    assert len((await people.get("/v1/keys?revoked=true"))["items"]) == 1
    rows = (await people.get("/v1/audit"))["items"]
    acts = [(each["configuration"], each["action"], each["actor"], each["reason"]) for each in rows]
    assert acts == [
        (None, "revoke_key", "forceer", "left"), ("hex8_2p", "pause", f"anna ({key['id']})", "rules change"),
        (None, "create_key", "forceer", "on duty"),
    ]  # fmt: skip
    assert (await people.get("/v1/audit/verification"))["intact"]


async def test_a_key_ends_by_itself(people: Suite) -> None:
    """When its days are over it is refused like one that never was."""
    key = await made(people, days=1.5 / 86400)
    await is_answered(people, key["key"], 200)
    await is_answered(people, key["key"], 401)
    assert (await people.get("/v1/keys"))["items"] == []


async def test_a_policy_that_asks_for_nothing_needs_force(people: Suite) -> None:
    """Whoever may not skip the games may not set a policy either by which nobody plays any, or that has no gate."""
    none = {"random_win_rate": 0, "heuristic_win_rate": 0, "previous_win_rate": 0}
    for gates in ({"skip_games": True}, none):
        body, path = {"gates": gates, "reason": "a test"}, "/v1/policies/hex8_2p"
        is_problem(await presenting(people, "operate", "PUT", path, body), 403, "forbidden", "force is needed")
        assert (await presenting(people, "force", "PUT", path, body)).status_code == 200
    lower = {"gates": {"random_win_rate": 0.1}, "reason": "a test"}
    assert (await presenting(people, "operate", "PUT", "/v1/policies/hex8_2p", lower)).status_code == 200


async def test_nobody_makes_or_ends_a_key_that_is_good_for_more_than_their_own(people: Suite) -> None:
    """An operator cannot make one that forces, nor revoke one, and readers none at all."""
    strong = await made(people, scope="force")
    weak = {"name": "bob", "scope": "force"}
    is_problem(await presenting(people, "operate", "POST", "/v1/keys", weak), 403, "key-too-strong", "force")
    is_problem(
        await presenting(people, "operate", "DELETE", f"/v1/keys/{strong['id']}?reason=x"),
        403,
        "key-too-strong",
        "force",
    )
    assert (await presenting(people, "operate", "POST", "/v1/keys", {**weak, "scope": "play"})).status_code == 201
    for scope in ("read", "node", "train", "play"):
        answer = await presenting(people, scope, "POST", "/v1/keys", {"name": "eve"})
        is_problem(answer, 403, "forbidden", "is needed")
    is_problem(await people.client.delete("/v1/keys/00000000?reason=x"), 404, "not-found", "there is no key 00000000")
    for name in ("a b", "", "a:b", "x" * 61, "anna (3f2a9c1e)"):
        assert (await people.client.post("/v1/keys", json={"name": name})).status_code == 422


async def test_a_key_is_good_for_one_service(people: Suite) -> None:
    """The others are told of their own by hash, and of no secret; the front door takes none of those."""
    worker = await made(people, scope="play", service="gauntlet")
    own = await made(people, scope="read")
    await is_answered(people, own["key"], 200)
    assert (await presenting(people, worker["key"])).status_code == 401
    good = [{"id": worker["id"], "name": "anna", "scope": "play", "hash": digest_of_key(worker["key"])}]
    question = f"/v1/keys/good?service=gauntlet&used={worker['id']}&used={own['id']}"
    for asker, noted in (("read", False), (own["key"], False), ("gauntlet", True)):
        assert (await presenting(people, asker, path=question)).json()["items"] == good
        [listed] = (await people.get("/v1/keys?service=gauntlet"))["items"]
        assert (listed["last_used_on"] is not None) == noted, "only the gauntlet says what was presented to it"
    page = await people.get("/v1/keys?limit=1")
    assert [each["id"] for each in page["items"]] == [own["id"]]
    older = await people.get(f"/v1/keys?limit=1&before={page['next']}")
    assert [each["id"] for each in older["items"]] == [worker["id"]]


async def test_a_key_stays_what_it_is(people: Suite) -> None:
    """The database lets nobody widen one, revive one, or delete one."""
    key = await made(people)
    await people.client.delete(f"/v1/keys/{key['id']}?reason=left")
    for change in (
        "update promotion.api_keys set scope = 'force'",
        "update promotion.api_keys set revoked_at = null, revoked_by = null, revoked_because = null",
        "delete from promotion.api_keys",
    ):
        with pytest.raises(DBAPIError, match=r"stays what it is|is kept"):
            async with people.database.write() as tx:
                await tx.execute(text(change))
