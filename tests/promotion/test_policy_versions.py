"""Policies that people set for a configuration, and what a decision would have been under another one."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from shared.contract.policy import GatePolicy
from tests.promotion.conftest import Suite
from tests.promotion.test_front_door import is_problem
from tests.promotion.test_promotion import refusals

HEX8 = "/v1/policies/hex8_2p"
LENIENT = {"random_win_rate": 0.6}


async def sets(suite: Suite, gates: Any, seen: int | None = None, path: str = HEX8) -> httpx.Response:
    """Set the policy of a configuration."""
    return await suite.posts(path, {"gates": gates, "reason": "a weak start"}, seen, method="PUT")


async def test_a_configuration_has_a_policy_of_its_own(suite: Suite) -> None:
    """Set whole, by somebody and for a reason; the others keep the environment's, and it can be gone back to."""
    before = await suite.client.get(HEX8)
    assert (before.headers["ETag"], before.json()["from_environment"]) == ('"0"', True)
    answer = await sets(suite, LENIENT, seen=0)
    policy = GatePolicy(random_win_rate=0.6)
    assert (answer.status_code, answer.headers["ETag"], answer.json()["id"]) == (200, '"1"', policy.id)
    assert (answer.json()["set_by"], answer.json()["reason"]) == ("anyone on this machine", "a weak start")
    everywhere = {each["configuration"]: each["id"] for each in (await suite.get("/v1/policies"))["items"]}
    assert everywhere.pop("hex8_2p") == policy.id
    assert set(everywhere.values()) == {GatePolicy().id}
    back = await suite.client.delete(f"{HEX8}?reason=over", headers={"If-Match": '"1"'})
    assert (back.json()["version"], back.json()["from_environment"], back.json()["id"]) == (2, True, GatePolicy().id)


async def test_the_history_of_a_policy_is_kept(suite: Suite) -> None:
    """Every version, newest first and in pages; the same again is none."""
    for gates in (LENIENT, LENIENT, {"random_win_rate": 0.7}):
        await sets(suite, gates)
    await suite.client.delete(f"{HEX8}?reason=over")
    page = await suite.get(f"{HEX8}/versions?limit=2")
    assert [(each["version"], each["id"]) for each in page["items"]] == [
        (3, None),
        (2, GatePolicy(random_win_rate=0.7).id),
    ]
    rest = await suite.get(f"{HEX8}/versions?limit=2&before={page['next']}")
    assert ([each["gates"]["random_win_rate"] for each in rest["items"]], rest["next"]) == ([0.6], None)


async def test_two_who_set_a_policy_at_once_do_not_undo_each_other(suite: Suite) -> None:
    """Of those who saw one version the first sets the next, and the others are told which is in force."""
    asked = [sets(suite, {"random_win_rate": round(0.5 + index / 100, 2)}, seen=0) for index in range(8)]
    answers = await asyncio.gather(*asked)
    assert sorted(each.status_code for each in answers) == [200] + [412] * 7
    for each in answers:
        if each.status_code == 412:
            is_problem(each, 412, "version-moved", 'the policy of hex8_2p is version 1, not "0"')


@pytest.mark.parametrize(
    "gates", [{"random_win_rate": 85}, {"games": 0}, {"mode": "best"}, {"alpha": 0.9}, {"elo": 5}, {"games": "50"}, 3]
)
async def test_what_is_no_policy_is_refused(suite: Suite, gates: Any) -> None:
    """Each value has its range, and nothing is left out in silence because it is misspelt."""
    is_problem(await sets(suite, gates), 422, "invalid-request", "gates")
    is_problem(await sets(suite, LENIENT, path="/v1/policies/chess_2p"), 422, "invalid-configuration", "chess_2p")
    assert (await suite.get(HEX8))["version"] == 0


async def test_f25_evidence_of_the_policy_before_is_evaluated_again(suite: Suite) -> None:
    """A policy that changed while games were played makes them stale, and the next ones are asked for under the new one."""
    await sets(suite, LENIENT)
    digest = suite.add_model(b"first")
    await suite.evaluated(digest)
    assert (await refusals(suite, 1))[0]["code"] == "evaluated_again"
    [again] = await suite.events("EVALUATION_REQUESTED")
    assert again["data"]["policy"]["random_win_rate"] == 0.6
    request = await suite.asked(gauntlet_games=60)
    asked = (await suite.events("EVALUATION_REQUESTED"))[-1]["data"]
    assert (asked["request_id"], asked["policy"]["random_win_rate"], asked["policy"]["games"]) == (
        request["id"],
        0.6,
        60,
    )


async def test_a_decision_under_another_policy_has_no_effect(suite: Suite) -> None:
    """It says what the same games would have said, and leaves the ledger as it is."""
    await suite.evaluated(suite.add_model(b"weak!"), wins=40)
    await refusals(suite, 1)
    [decision] = (await suite.get("/v1/decisions"))["items"]
    path = f"/v1/decisions/{decision['id']}/rejudge"
    lenient = (await suite.posts(path, {"gates": {"random_win_rate": 0.8}})).json()
    assert (lenient["verdict"], lenient["code"]) == ("passed", "gates_passed")
    assert lenient["policy_id"] == GatePolicy(random_win_rate=0.8).id
    same = (await suite.posts(path, {})).json()
    assert (same["verdict"], same["reasons"]) == (decision["verdict"], decision["reasons"])
    more = (await suite.posts(path, {"gates": {"games": 100}})).json()
    assert (more["verdict"], "the policy asks for 100" in more["reasons"][0]) == ("invalid", True)
    assert (await suite.canonical(), len((await suite.get("/v1/decisions"))["items"])) == (None, 1)


async def test_a_decision_without_games_cannot_be_judged_again(suite: Suite) -> None:
    """A rollback has no evidence."""
    await suite.promoted(b"first")
    await suite.promoted(b"secnd")
    await suite.posts("/v1/configurations/hex8_2p/rollback", {"reason": "worse"})
    decision = (await suite.canonical())["decision_id"]
    answer = await suite.posts(f"/v1/decisions/{decision}/rejudge", {})
    is_problem(answer, 404, "not-found", "rolled_back")
