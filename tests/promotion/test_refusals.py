"""Refusals that are right, and answers that say what changed, through the front door."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import httpx
import pytest

from shared.contract.evidence import CanonicalReference, Evidence
from shared.contract.policy import GatePolicy
from tests.promotion.conftest import Suite, against, announcement, completed
from tests.promotion.test_front_door import is_problem

SQUARE8 = "/v1/configurations/square8_2p/canonical"


async def written(suite: Suite, name: str, content: bytes) -> None:
    """A file of the models folder has these bytes."""
    await asyncio.to_thread((suite.models / name).write_bytes, content)


async def distributes(suite: Suite, name: str, *, force: bool) -> httpx.Response:
    """Ask for a file to be delivered."""
    return await suite.client.post("/admin/distribute-model", json={"model_path": f"models/{name}", "force": force})


async def test_f07_a_name_and_a_content_that_disagree_are_refused(suite: Suite) -> None:
    """A file that is called another configuration's canonical file moves neither pointer, and the answer says both."""
    await suite.promoted(b"first")
    second = await suite.promoted(b"secnd")
    await written(suite, "canonical_square8_2p.pth", b"first")
    for force in (False, True):
        answer = await distributes(suite, "canonical_square8_2p.pth", force=force)
        is_problem(answer, 409, "name-disagrees", "canonical file of square8_2p and holds version 1 of hex8_2p")
    assert (await suite.canonical())["digest"] == second
    asked = {"model_path": "models/canonical_square8_2p.pth", "board_type": "hex8", "num_players": 2}
    answer = await suite.client.post("/admin/promote", json=asked)
    is_problem(answer, 409, "name-disagrees", "canonical file of square8_2p, and is to become hex8_2p")


async def test_f07_bytes_of_two_configurations_are_those_of_the_name(suite: Suite) -> None:
    """A model that was canonical in two of them is restored in the one that the file's name says, not in the newer one."""
    await suite.promoted(b"first")
    square = completed(suite.add_model(b"first")).model_copy(update={"board_type": "square8"})
    await suite.promoted(b"secnd")
    await suite.hears(announcement(square))
    await suite.eventually(lambda: has_a_canonical(suite, SQUARE8))
    await written(suite, "canonical_hex8_2p.pth", b"first")
    answer = await distributes(suite, "canonical_hex8_2p.pth", force=True)
    assert (answer.status_code, answer.json()["configuration"], answer.json()["version"]) == (202, "hex8_2p", 3)


async def has_a_canonical(suite: Suite, path: str) -> bool:
    """Whether a configuration has a canonical version."""
    return (await suite.client.get(path)).status_code == 200


async def test_f32_an_answer_says_what_changed(suite: Suite) -> None:
    """A restore says which version has the bytes now; the same again, or without a backup, that nothing changed."""
    await suite.promoted(b"first")
    await suite.promoted(b"secnd")
    await written(suite, "restored.pth", b"first")
    restored = (await distributes(suite, "restored.pth", force=True)).json()
    assert (restored["changed"], restored["version"]) == (True, 3)
    assert restored["detail"].startswith("version 3 has these bytes now; ")
    again = (await distributes(suite, "restored.pth", force=True)).json()
    assert (again["changed"], again["version"]) == (False, 3)
    assert again["detail"] == "unchanged: version 3 already has these bytes; delivery to every node was asked for"


@pytest.mark.parametrize("asked", [{}, {"force": True, "reason": "now"}, {"gauntlet_games": 10}])
async def test_f24_asking_for_what_is_canonical_ends_at_once(suite: Suite, asked: Mapping[str, Any]) -> None:
    """No games are asked for, and the answer itself says that nothing changes."""
    await suite.promoted(b"asked")
    request = await suite.asked(**asked)
    assert (request["state"], request["code"]) == ("refused", "already_canonical")
    assert request["reason"] == "unchanged: version 1 already has these bytes"
    assert await suite.events("EVALUATION_REQUESTED") == []


async def test_f24_a_dry_run_of_what_is_canonical_shows_its_games(suite: Suite) -> None:
    """They are played because somebody wants to see them, and the verdict is what they say."""
    digest = await suite.promoted(b"asked")
    request = await suite.asked(dry_run=True)
    [requested] = await suite.events("EVALUATION_REQUESTED")
    assert (request["state"], requested["data"]["reason"]) == ("open", "review")
    await suite.hears(announcement(completed(digest, None, 50, UUID(request["id"]))))
    closed = await suite.closed(request["id"])
    decision = await suite.get(f"/v1/decisions/{closed['decision_id']}")
    assert (decision["verdict"], decision["disposition"], decision["code"]) == ("passed", "withheld", "dry_run")
    assert "win rate 100.0%" in decision["reasons"][0]
    assert decision["reasons"][-1] == "previous: skipped, this model is the canonical version"
    assert (await suite.canonical())["version"] == 1


@pytest.mark.parametrize("settings_changed", [{"gates_off": "heuristic"}, {"promotion_heuristic_win_rate": 0.0}])
async def test_f22_a_gate_that_is_off_is_not_judged(suite: Suite) -> None:
    """Switched off, or with a win rate of 0: the policy is the same, and a candidate passes without games against that opponent."""
    policy = GatePolicy(heuristic_win_rate=0)
    assert (await suite.get("/v1/configurations/hex8_2p/policy"))["id"] == policy.id
    digest = suite.add_model(b"first")
    data = completed(digest)
    changed = {"gates": policy, "opponents": [against("random", 43)]}
    found = Evidence.model_validate({**data.evidence.model_dump(), **changed})
    await suite.hears(announcement(data.model_copy(update={"evidence": found})))
    assert "heuristic: skipped, its threshold is 0, which is no gate" in (await suite.canonical_is(digest))["reason"]


@pytest.mark.parametrize("settings_changed", [{"auto_promote": False}])
async def test_f23_a_candidate_that_waits_has_not_failed(suite: Suite) -> None:
    """What is kept back, and what is evaluated again, is told by an event of its own; MODEL_PROMOTION_FAILED is of refusals."""
    digest = suite.add_model(b"first")
    request = await suite.asked(dry_run=True)
    await suite.evaluated(digest)
    await suite.hears(announcement(completed(digest, None, 50, UUID(request["id"]))))
    await suite.evaluated(suite.add_model(b"weak!"), wins=3)

    async def refused() -> Any:
        return await suite.events("MODEL_PROMOTION_FAILED")

    [failed] = await suite.eventually(refused)
    assert (failed["data"]["disposition"], failed["data"]["code"]) == ("refused", "gates_failed")
    withheld = [each["data"] for each in await suite.events("MODEL_PROMOTION_WITHHELD")]
    assert [(each["disposition"], each["code"]) for each in withheld] == [
        ("awaiting", "auto_promote_off"),
        ("withheld", "dry_run"),
    ]


async def weighs(suite: Suite, content: bytes, fingerprint: str) -> str:
    """A model of these weights beats whatever is canonical; returns its digest."""
    head, digest = await suite.canonical(), suite.add_model(content)
    met = CanonicalReference(version=head["version"], digest=head["digest"]) if head else None
    found = completed(digest, met)
    await suite.hears(
        announcement(found.model_copy(update={"model": found.model.model_copy(update={"fingerprint": fingerprint})}))
    )
    return digest


async def refused(suite: Suite, digest: str) -> Any:
    """The decision that refuses a model."""

    async def found() -> Any:
        items = (await suite.get("/v1/decisions?configuration=hex8_2p"))["items"]
        return next((each for each in items if each["digest"] == digest), None)

    decision = await suite.eventually(found)
    assert decision["disposition"] == "refused"
    return decision


async def test_f20_canonical_weights_in_another_file_are_no_new_version(suite: Suite) -> None:
    """They are refused in words, whether a trainer announces them or an operator asks, and nothing is delivered."""
    await suite.canonical_is(await weighs(suite, b"first", "a" * 64))
    again = await refused(suite, await weighs(suite, b"asked", "a" * 64))
    words = "unchanged: version 1 already has these weights, in another file"
    assert (again["code"], again["why"]) == ("already_canonical", words)
    request = await suite.asked()
    assert (request["state"], request["code"], request["reason"]) == ("refused", "already_canonical", words)
    assert len(await suite.events("MODEL_PROMOTED")) == 1


async def test_f20_a_mark_holds_for_the_weights_in_every_file(suite: Suite) -> None:
    """What was rolled back does not return by being saved again; other weights pass."""
    await suite.canonical_is(await weighs(suite, b"first", "a" * 64))
    await suite.canonical_is(await weighs(suite, b"secnd", "b" * 64))
    rolled = {"to_version": 1, "mark": True, "reason": "it resigns too early"}
    assert (await suite.posts("/v1/configurations/hex8_2p/rollback", rolled, seen=2)).status_code == 201
    assert (await refused(suite, await weighs(suite, b"thrid", "b" * 64)))["code"] == "marked_bad"
    await suite.canonical_is(await weighs(suite, b"forth", "c" * 64))
