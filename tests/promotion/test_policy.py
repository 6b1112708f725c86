"""The gate policy is the promotion service's: it hands it out, remembers it, and has stale evidence evaluated again under it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from shared.contract.configuration import EVERY_CONFIGURATION
from shared.contract.evidence import Evidence
from shared.contract.policy import GatePolicy
from tests.promotion.conftest import Suite, against, announcement, completed

STRICT = {"gauntlet_games": 60, "promotion_random_win_rate": 0.9}
POLICY = GatePolicy(games=60, random_win_rate=0.9)


@pytest.mark.parametrize("settings_changed", [STRICT])
async def test_the_policy_in_force_is_handed_out(suite: Suite) -> None:
    """For one configuration, with other games if asked, and for all at once."""
    one = await suite.get("/v1/configurations/square8_3p/policy")
    assert (one["id"], one["configuration"], one["gates"]) == (POLICY.id, "square8_3p", POLICY.model_dump())
    assert (one["version"], one["from_environment"], one["set_by"]) == (0, True, "the environment")
    fewer = await suite.get("/v1/configurations/hex8_2p/policy?games=20")
    assert fewer["id"] == POLICY.model_copy(update={"games": 20}).id != POLICY.id
    everything = (await suite.get("/v1/policies"))["items"]
    assert [each["configuration"] for each in everything] == sorted(map(str, EVERY_CONFIGURATION))
    assert {each["id"] for each in everything} == {POLICY.id}


@pytest.mark.parametrize("path", ["/v1/configurations/chess_2p/policy", "/v1/configurations/hex8_2p/policy?games=0"])
async def test_a_policy_of_nothing_is_refused(suite: Suite, path: str) -> None:
    """A configuration that is none, and a number of games that cannot be played."""
    assert (await suite.client.get(path)).status_code == 422


@pytest.mark.parametrize("settings_changed", [STRICT])
async def test_f25_evidence_of_another_policy_is_evaluated_again_under_the_present_one(suite: Suite) -> None:
    """The candidate is not judged inconclusive for ever: the request for the next evaluation carries the policy in force."""
    digest = suite.add_model(b"first")
    await suite.evaluated(digest)

    async def asked() -> Any:
        return await suite.events("EVALUATION_REQUESTED")

    [again] = await suite.eventually(asked)
    assert (again["data"]["reason"], again["data"]["digest"]) == ("stale", digest)
    assert GatePolicy.model_validate(again["data"]["policy"]) == POLICY
    [decision] = (await suite.get("/v1/decisions"))["items"]
    assert (decision["verdict"], decision["disposition"], decision["code"]) == ("stale", "awaiting", "evaluated_again")
    assert (decision["policy_id"], await suite.canonical()) == (POLICY.id, None)


@pytest.mark.parametrize("settings_changed", [STRICT])
async def test_f25_a_request_stays_open_until_it_is_judged_under_the_present_policy(suite: Suite) -> None:
    """The operator waits for the next evaluation, and what that one finds is the end."""
    request = await suite.asked()
    digest = suite.add_model(b"asked")
    await suite.hears(announcement(completed(digest, request_id=UUID(request["id"]))))

    async def asked_again() -> Any:
        return (await suite.events("EVALUATION_REQUESTED"))[1:]

    [again] = await suite.eventually(asked_again)
    assert (again["data"]["request_id"], again["data"]["reason"]) == (request["id"], "stale")
    assert (await suite.get(f"/v1/promotion-requests/{request['id']}"))["state"] == "open"
    data = completed(digest, request_id=UUID(request["id"]))
    found = Evidence.model_validate(
        {**data.evidence.model_dump(), "gates": POLICY, "policy_id": POLICY.id, "opponents": [against("random", 0)]}
    )
    await suite.hears(announcement(data.model_copy(update={"evidence": found})))
    closed = await suite.closed(request["id"])
    assert (closed["state"], closed["code"]) == ("refused", "evidence_invalid")
    assert "50 games were planned, and the policy asks for 60" in closed["reason"]


async def test_f25_games_skipped_under_an_earlier_policy_are_played(suite: Suite) -> None:
    """Once games are asked for again, a model that was let through without any is evaluated again, with them."""
    data = completed(suite.add_model(b"first"))
    found = Evidence.model_validate(
        {**data.evidence.model_dump(), "gates": GatePolicy(skip_games=True), "skipped": True, "opponents": []}
    )
    await suite.hears(announcement(data.model_copy(update={"evidence": found})))

    async def asked() -> Any:
        return await suite.events("EVALUATION_REQUESTED")

    [again] = await suite.eventually(asked)
    assert GatePolicy.model_validate(again["data"]["policy"]) == GatePolicy()


async def test_what_a_decision_was_made_under_is_kept(suite: Suite) -> None:
    """The policy of every decision is among those that were handed out, a rollback's too."""
    await suite.promoted(b"first")
    await suite.promoted(b"secnd")
    body = {"to_version": 1, "reason": "worse"}
    assert (await suite.client.post("/v1/configurations/hex8_2p/rollback", json=body)).status_code == 201
    decisions = (await suite.get("/v1/decisions"))["items"]
    assert [each["code"] for each in decisions] == ["rolled_back", "gates_passed", "gates_passed"]
    assert {each["policy_id"] for each in decisions} == {GatePolicy().id}
    promoted = await suite.events("MODEL_PROMOTED")
    assert [event["data"]["code"] for event in promoted] == ["gates_passed", "gates_passed", "rolled_back"]


async def test_a_request_carries_its_policy(suite: Suite) -> None:
    """With the number of games that the operator asked for."""
    await suite.asked(gauntlet_games=12, dry_run=True)
    [requested] = await suite.events("EVALUATION_REQUESTED")
    assert GatePolicy.model_validate(requested["data"]["policy"]) == GatePolicy(games=12)


@pytest.mark.parametrize("settings_changed", [{"auto_promote": False}])
async def test_f23_verdict_and_disposition_are_told_apart(suite: Suite) -> None:
    """A candidate that passed and waits for a person: so in the event, in the decision and in the status."""
    await suite.hears(announcement(completed(suite.add_model(b"first"))))

    async def said() -> Any:
        return await suite.events("MODEL_PROMOTION_WITHHELD")

    [withheld] = await suite.eventually(said)
    status = await suite.get("/status")
    last = status["promotion_status"]["last_decision"]
    for told in (withheld["data"], last):
        assert (told["verdict"], told["disposition"], told["code"]) == ("passed", "awaiting", "auto_promote_off")
    assert "RINGRIFT_AUTO_PROMOTE is off" in last["why"]
    assert any("RINGRIFT_AUTO_PROMOTE is off" in (each["detail"] or "") for each in status["recent_events"])
    assert await suite.events("MODEL_PROMOTION_FAILED") == []


async def test_a_request_says_by_a_code_how_it_ended(suite: Suite) -> None:
    """For programs, beside the reason in words."""
    request = await suite.asked(dry_run=True)
    digest = suite.add_model(b"asked")
    await suite.hears(announcement(completed(digest, request_id=UUID(request["id"]))))
    closed = await suite.closed(request["id"])
    assert (closed["state"], closed["code"]) == ("refused", "dry_run")
