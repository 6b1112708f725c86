"""A person's judgement stands: marks, approvals, pauses, pins, force and what it owes, through the front door."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from shared.contract.evidence import CanonicalReference
from tests.promotion.conftest import Suite, announcement, completed, loaded
from tests.promotion.test_front_door import is_problem
from tests.promotion.test_promotion import refusals

HEX8 = "/v1/configurations/hex8_2p"
WAITING = [{"auto_promote": False}]
BAD = {"reason": "loses as second player"}


async def waiting(suite: Suite, count: int = 1) -> list[Any]:
    """The candidates that wait, once there are so many."""

    async def enough() -> list[Any]:
        found: list[Any] = (await suite.get("/status"))["promotion_status"]["awaiting"]
        return found if len(found) >= count else []

    return list(await suite.eventually(enough))


async def met(suite: Suite) -> CanonicalReference | None:
    """What a candidate meets now."""
    head = await suite.canonical()
    return CanonicalReference(version=head["version"], digest=head["digest"]) if head else None


async def test_f21_what_was_rolled_back_from_is_not_promoted_again_by_itself(suite: Suite) -> None:
    """The same bytes are refused with who marked them and why, until a person lifts the mark."""
    first = await suite.promoted(b"first")
    second = await suite.promoted(b"secnd")
    back = await suite.posts(f"{HEX8}/rollback", BAD, seen=2)
    assert (back.status_code, back.json()["version"], back.json()["digest"]) == (201, 3, first)
    assert back.headers["ETag"] == '"3"'
    await suite.evaluated(second, await met(suite))
    [refused] = await refusals(suite, 1)
    assert (refused["verdict"], refused["disposition"], refused["code"]) == ("passed", "refused", "marked_bad")
    assert "by anyone on this machine: version 2 was rolled back from: loses as second player" in refused["reasons"][0]
    assert (await suite.canonical())["version"] == 3
    [mark] = (await suite.get("/v1/holds"))["items"]
    assert (mark["kind"], mark["digest"], mark["placed_by"]) == ("mark", second, "anyone on this machine")
    lifted = await suite.client.delete(f"{HEX8}/marks/{second}?reason=retested")
    assert (lifted.status_code, lifted.json()["lifted_because"]) == (200, "retested")
    await suite.evaluated(second, await met(suite))
    assert (await suite.canonical_is(second))["version"] == 4


async def test_f21_asking_for_marked_bytes_ends_at_once(suite: Suite) -> None:
    """No games are played for what a mark refuses; force overrules it, and lifts it."""
    await suite.promoted(b"first")
    bad = await suite.promoted(b"asked")
    await suite.posts(f"{HEX8}/rollback", BAD)
    request = await suite.asked()
    assert (request["state"], request["code"]) == ("refused", "marked_bad")
    assert await suite.events("EVALUATION_REQUESTED") == []
    forced = await suite.asked(force=True, reason="the other one is worse")
    await suite.hears(loaded(bad, forced["id"]))
    assert (await suite.closed(forced["id"]))["state"] == "promoted"
    assert (await suite.get("/v1/holds"))["items"] == []
    history = (await suite.get("/v1/holds?lifted=true"))["items"]
    assert [each["lifted_because"] for each in history] == ["forced as version 4"]


async def test_f21_restoring_a_file_marks_what_it_replaces(suite: Suite) -> None:
    """The runbook's way back is a person's judgement as well."""
    await suite.promoted(b"first")
    second = await suite.promoted(b"secnd")
    (suite.models / "old.pth").write_bytes(b"first")
    answer = await suite.posts("/admin/distribute-model", {"model_path": "models/old.pth", "force": True})
    assert answer.status_code == 202, answer.text
    [mark] = (await suite.get("/status"))["promotion_status"]["holds"]
    assert (mark["digest"], mark["reason"]) == (second, "version 2 was rolled back from: restored from models/old.pth")


async def test_a_rollback_may_leave_no_mark_and_says_where_to(suite: Suite) -> None:
    """Without a version it goes to the newest before with other bytes that are not marked; going back to marked ones lifts that."""
    first, second, third = [await suite.promoted(content) for content in (b"first", b"secnd", b"third")]
    await suite.posts(f"{HEX8}/marks/{second}", BAD, method="PUT")
    back = (await suite.posts(f"{HEX8}/rollback", {**BAD, "mark": False})).json()
    assert (back["version"], back["digest"]) == (4, first)
    chosen = (await suite.posts(f"{HEX8}/rollback", {**BAD, "to_version": 2})).json()
    assert (chosen["version"], chosen["digest"], chosen["promoted_by"]) == (5, second, "anyone on this machine")
    marked = [each["digest"] for each in (await suite.get("/v1/holds"))["items"]]
    assert (marked, third in marked) == ([first], False)
    await suite.posts(f"{HEX8}/marks/{third}", BAD, method="PUT")
    nowhere = await suite.posts(f"{HEX8}/rollback", BAD)
    is_problem(nowhere, 404, "not-found", "with other bytes that are not marked as bad")


async def test_bytes_that_nobody_knows_are_not_marked(suite: Suite) -> None:
    """A mistyped digest is told, and a hold that is not there cannot be lifted."""
    unknown = await suite.posts(f"{HEX8}/marks/{'0' * 64}", BAD, method="PUT")
    is_problem(unknown, 404, "not-found", "was ever judged here")
    for path in (f"marks/{'0' * 64}", "pause", "pin"):
        is_problem(await suite.client.delete(f"{HEX8}/{path}?reason=x"), 404, "not-found", "there is no")


@pytest.mark.parametrize("settings_changed", WAITING)
async def test_f21_a_person_approves_what_waits(suite: Suite) -> None:
    """The candidate becomes canonical on its evidence, by the person's name, once."""
    digest = suite.add_model(b"first")
    await suite.evaluated(digest)
    [one] = await waiting(suite)
    path = f"/v1/decisions/{one['decision_id']}/approve"
    is_problem(await suite.posts(path, {}, seen=4), 412, "version-moved", 'canonical is version none, not "4"')
    answer = await suite.posts(path, {"reason": "looks good"}, seen=0)
    assert (answer.status_code, answer.json()["version"], answer.headers["ETag"]) == (201, 1, '"1"')
    head = await suite.canonical()
    assert (head["digest"], head["kind"], head["promoted_by"]) == (digest, "manual", "anyone on this machine")
    assert head["reason"].startswith("approved by anyone on this machine: looks good; random: 50 of 50")
    decision = await suite.get(f"/v1/decisions/{head['decision_id']}")
    assert (decision["code"], decision["approves"]) == ("approved", one["decision_id"])
    is_problem(await suite.posts(path, {}), 409, "not-awaiting", "is approved already, by anyone on this machine")
    [ended] = (await suite.get("/v1/approvals?state=approved"))["items"]
    assert (ended["digest"], (await suite.get("/v1/approvals?state=awaiting"))["items"]) == (digest, [])


@pytest.mark.parametrize("settings_changed", WAITING)
async def test_f21_what_a_person_rejected_does_not_come_back(suite: Suite) -> None:
    """It fails for the trainer, and its bytes are marked: announced again they are refused."""
    digest = suite.add_model(b"first")
    await suite.evaluated(digest)
    [one] = await waiting(suite)
    path = f"/v1/decisions/{one['decision_id']}"
    assert (await suite.posts(f"{path}/reject", {})).status_code == 422
    answer = await suite.posts(f"{path}/reject", BAD)
    assert (answer.json()["state"], answer.json()["reason"]) == ("rejected", BAD["reason"])
    [failed] = await suite.events("MODEL_PROMOTION_FAILED")
    assert (failed["data"]["code"], failed["data"]["decision_id"]) == ("rejected", one["decision_id"])
    is_problem(await suite.posts(f"{path}/approve", {}), 409, "not-awaiting", "is rejected already")
    await suite.evaluated(digest)
    assert (await refusals(suite, 3))[-1]["code"] == "marked_bad"
    assert await suite.canonical() is None


@pytest.mark.parametrize("settings_changed", WAITING)
async def test_f21_stale_evidence_is_not_approved(suite: Suite) -> None:
    """Canonical has moved since: the candidate is evaluated again by itself, and what that finds waits anew."""
    for content in (b"first", b"secnd"):
        await suite.evaluated(suite.add_model(content))
    newer, older = await waiting(suite, 2)
    assert (await suite.posts(f"/v1/decisions/{older['decision_id']}/approve", {})).status_code == 201
    answer = await suite.posts(f"/v1/decisions/{newer['decision_id']}/approve", {})
    is_problem(answer, 409, "evidence-stale", "played against no canonical version, and now canonical is version 1")
    [again] = await suite.events("EVALUATION_REQUESTED")
    assert (again["data"]["reason"], again["data"]["digest"]) == ("stale", newer["digest"])
    assert [each["state"] for each in (await suite.get("/v1/approvals"))["items"]] == ["superseded", "approved"]
    await suite.evaluated(newer["digest"], await met(suite))
    [anew] = await waiting(suite)
    assert (await suite.posts(f"/v1/decisions/{anew['decision_id']}/approve", {}, seen=1)).json()["version"] == 2


@pytest.mark.parametrize("settings_changed", [{"auto_promote": False, "approval_seconds": 0.001}])
async def test_f21_after_its_deadline_nothing_is_approved(suite: Suite) -> None:
    """It expires, once, which is said and shown where it is looked for, and it is not among what waits."""
    digest = suite.add_model(b"first")
    await suite.evaluated(digest)

    async def expired() -> Any:
        return (await suite.get("/v1/approvals?state=expired"))["items"]

    [one] = await suite.eventually(expired)
    assert (one["is_expired"], one["closed_by"], "nobody said one" in one["reason"]) == (
        True,
        "/services/promotion",
        True,
    )
    said = [each["data"] for each in await suite.events("MODEL_PROMOTION_WITHHELD")]
    assert [(each["disposition"], each["code"], each["digest"]) for each in said] == [
        ("awaiting", "auto_promote_off", digest), ("withheld", "expired", digest),
    ]  # fmt: skip
    assert await suite.app.state.service.decisions.expire() == 0
    assert (await suite.get("/status"))["promotion_status"]["awaiting"] == []
    for word in ("approve", "reject"):
        answer = await suite.posts(f"/v1/decisions/{one['decision_id']}/{word}", BAD)
        is_problem(answer, 409, "not-awaiting", "expired; ask for the model again")


async def test_a_word_on_what_does_not_wait_is_refused(suite: Suite) -> None:
    """A decision that promoted, and one that nobody knows."""
    await suite.promoted(b"first")
    decision = (await suite.canonical())["decision_id"]
    for decided, words in ((decision, "it is promoted, gates_passed"), (str(UUID(int=1)), "there is no decision")):
        is_problem(await suite.posts(f"/v1/decisions/{decided}/approve", {}), 404, "not-found", words)


async def test_a_pause_stops_machines_alone(suite: Suite) -> None:
    """A trainer's candidate waits, with who paused and why; a person's request goes on; after resuming all is as before."""
    paused = await suite.posts(f"{HEX8}/pause", {"reason": "rules change"}, method="PUT")
    again = await suite.posts(f"{HEX8}/pause", {"reason": "rules change"}, method="PUT")
    assert (paused.status_code, again.json()["id"]) == (200, paused.json()["id"])
    await suite.evaluated(suite.add_model(b"first"))
    [withheld] = await refusals(suite, 1)
    assert (withheld["disposition"], withheld["code"]) == ("awaiting", "paused")
    assert "is paused, by anyone on this machine: rules change" in withheld["reasons"][0]
    request = await suite.asked()
    asked = suite.add_model(b"asked")
    await suite.hears(announcement(completed(asked, request_id=UUID(request["id"]))))
    assert (await suite.closed(request["id"]))["state"] == "promoted"
    assert (await suite.client.delete(f"{HEX8}/pause?reason=done")).status_code == 200
    await suite.promoted(b"third")


async def test_a_pin_keeps_everybody_on_a_version(suite: Suite) -> None:
    """Neither candidates nor people move the pointer until it is unpinned, and each is told why."""
    first, second = await suite.promoted(b"first"), await suite.promoted(b"secnd")
    other = await suite.posts(f"{HEX8}/pin", {"reason": "release", "version": 1}, method="PUT")
    is_problem(other, 409, "held", "canonical is version 2; roll back to 1 before it is pinned")
    assert (await suite.posts(f"{HEX8}/pin", {"reason": "release"}, method="PUT")).json()["version"] == 2
    await suite.evaluated(suite.add_model(b"third"), await met(suite))
    assert (await refusals(suite, 1))[0]["code"] == "pinned"
    [one] = await waiting(suite)
    (suite.models / "asked.pth").write_bytes(b"asked")
    (suite.models / "old.pth").write_bytes(b"first")
    asked = {"model_path": "models/asked.pth", "board_type": "hex8", "num_players": 2}
    for path, body in (
        (f"{HEX8}/rollback", BAD),
        ("/admin/distribute-model", {"model_path": "models/old.pth", "force": True}),
        ("/admin/promote", asked),
        ("/admin/promote", {**asked, "force": True, **BAD}),
        (f"/v1/decisions/{one['decision_id']}/approve", {}),
    ):
        is_problem(await suite.posts(path, body), 409, "held", "hex8_2p is pinned to version 2")
    assert (await suite.canonical())["digest"] == second
    assert (await suite.client.delete(f"{HEX8}/pin?reason=over")).status_code == 200
    assert (await suite.posts(f"/v1/decisions/{one['decision_id']}/approve", {})).json()["version"] == 3
    assert (await suite.posts(f"{HEX8}/rollback", {**BAD, "to_version": 1})).json()["digest"] == first


@pytest.mark.parametrize("settings_changed", [{"promotion_min_seconds": 3600.0}])
async def test_two_promotions_may_need_time_between_them(suite: Suite) -> None:
    """What passes too soon waits for a person; the first version of all waits for nobody."""
    await suite.promoted(b"first")
    await suite.evaluated(suite.add_model(b"secnd"), await met(suite))
    [withheld] = await refusals(suite, 1)
    assert (withheld["code"], "version 1 has been canonical for " in withheld["reasons"][0]) == ("too_soon", True)
    [one] = await waiting(suite)
    assert (await suite.posts(f"/v1/decisions/{one['decision_id']}/approve", {})).status_code == 201


@pytest.mark.parametrize("settings_changed", [{"promotion_min_improvement": 0.05}])
async def test_an_improvement_may_be_needed(suite: Suite) -> None:
    """It is the gate against the canonical version that asks for it, so games end by it as by any other."""
    assert (await suite.get(f"{HEX8}/policy"))["gates"]["previous_win_rate"] == 0.55
