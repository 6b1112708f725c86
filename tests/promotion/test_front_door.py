"""The operator's front door: what it refuses, and that it says why as problem+json."""

import asyncio
import json
import os
from typing import Any

import httpx
import pytest

from tests.promotion.conftest import CANONICAL, Suite

GOOD: dict[str, Any] = {"model_path": "models/a.pth", "board_type": "hex8", "num_players": 2}


def is_problem(answer: httpx.Response, status: int, slug: str, words: str) -> None:
    """The answer is a problem document of that kind whose text says so."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["type"] == f"urn:ringrift:problem:{slug}"
    assert words in problem["detail"]


@pytest.mark.parametrize(
    ("changed", "status", "slug", "words"),
    [
        ({"model_path": "models/none.pth"}, 404, "model-not-found", "no model file models/none.pth"),
        ({"model_path": "."}, 422, "path-refused", "outside the models folder"),
        ({"model_path": "../../etc/passwd"}, 422, "path-refused", "outside the models folder"),
        ({"model_path": "models/../../etc/passwd"}, 422, "path-refused", "outside the models folder"),
        ({"model_path": "/etc/passwd"}, 422, "path-refused", "outside the models folder"),
        ({"model_path": "models/link.pth"}, 422, "path-refused", "outside the models folder"),
        ({"model_path": "a\0b"}, 422, "invalid-request", "model_path"),
        ({"model_path": ""}, 422, "invalid-request", "model_path"),
        ({"model_path": 7}, 422, "invalid-request", "model_path"),
        ({"board_type": "chess"}, 422, "invalid-request", "board_type"),
        ({"num_players": "2"}, 422, "invalid-request", "num_players"),
        ({"num_players": 5}, 422, "invalid-request", "num_players"),
        ({"num_players": True}, 422, "invalid-request", "num_players"),
        ({"gauntlet_games": 0}, 422, "invalid-request", "gauntlet_games"),
        ({"gauntlet_games": 1.5}, 422, "invalid-request", "gauntlet_games"),
        ({"force": "yes"}, 422, "invalid-request", "force"),
        ({"games": 50}, 422, "invalid-request", "games"),
    ],
)
async def test_a_bad_request_to_promote_is_refused(
    suite: Suite, changed: dict[str, Any], status: int, slug: str, words: str
) -> None:
    """Each fault gets its own answer at once, and nothing is asked of the gauntlet."""
    (suite.models / "a.pth").write_bytes(b"model")
    (suite.models / "link.pth").symlink_to("/etc/hostname")
    answer = await suite.client.post("/admin/promote", json={**GOOD, **changed})
    is_problem(answer, status, slug, words)
    assert await suite.events("EVALUATION_REQUESTED") == []


async def test_f59_a_text_that_cannot_be_stored_is_refused(suite: Suite) -> None:
    """U+0000 is the caller's fault, wherever it stands, and no error of the service."""
    body = {"to_version": 1, "reason": "a\0b"}
    answer = await suite.client.post("/v1/configurations/hex8_2p/rollback", json=body)
    is_problem(answer, 422, "invalid-request", "reason")
    is_problem(await suite.client.get("/v1/decisions?configuration=a%00b"), 422, "invalid-request", "U+0000")


@pytest.mark.parametrize("route", ["/admin/promote", "/admin/distribute-model"])
@pytest.mark.parametrize(
    ("path", "status", "slug", "words"),
    [
        (f"models/{'x' * 300}.pth", 422, "path-refused", "is too long for a file's name"),
        ("models/a.pth/b.pth", 404, "model-not-found", "something on the way to it is a file"),
        ("models/loop.pth", 422, "path-refused", "models/loop.pth"),
        ("models/pipe.pth", 404, "model-not-found", "is no regular file"),
    ],
)
async def test_f10_a_file_that_cannot_be_opened_is_refused_in_words(
    suite: Suite, route: str, path: str, status: int, slug: str, words: str
) -> None:
    """None of them is an error of the service."""
    (suite.models / "a.pth").write_bytes(b"model")
    (suite.models / "loop.pth").symlink_to("loop.pth")
    os.mkfifo(suite.models / "pipe.pth")
    body = GOOD if route == "/admin/promote" else {}
    is_problem(await suite.client.post(route, json={**body, "model_path": path}), status, slug, words)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[]", b'{"model_path": "models/a.pth", "forced": true}', b"{}"])
async def test_a_bad_request_to_distribute_is_refused(suite: Suite, body: bytes) -> None:
    """A body that is read whatever its Content-Type is checked all the same."""
    is_problem(await suite.client.post("/admin/distribute-model", content=body), 422, "invalid-request", "")


async def test_only_bytes_that_were_canonical_are_distributed(suite: Suite) -> None:
    """A file that never was promoted cannot be brought to the nodes; a missing or outside one neither."""
    (suite.models / "a.pth").write_bytes(b"model")
    body: dict[str, Any] = {"model_path": "models/a.pth", "force": True}
    never = await suite.client.post("/admin/distribute-model", json=body)
    is_problem(never, 409, "never-canonical", "POST /admin/promote")
    missing = await suite.client.post("/admin/distribute-model", json={"model_path": "models/none.pth"})
    is_problem(missing, 404, "model-not-found", "models/none.pth")
    outside = await suite.client.post("/admin/distribute-model", json={"model_path": "../x"})
    is_problem(outside, 422, "path-refused", "outside the models folder")


async def test_the_canonical_model_is_distributed_again(suite: Suite) -> None:
    """The front door forwards to the distribution service, which learns configuration, version and digest."""
    digest = await suite.promoted(b"first")
    await suite.eventually(lambda: asyncio.to_thread((suite.models / "ringrift_best_hex8_2p.pth").exists))
    answer = await suite.client.post("/admin/distribute-model", json={"model_path": "models/canonical_hex8_2p.pth"})
    assert (answer.status_code, answer.json()["version"]) == (202, 1)
    asked = {"configuration": "hex8_2p", "version": 1, "digest": digest}
    assert suite.distribution.asked == [("/admin/distribute-model", asked)]


async def test_f55_what_the_distribution_has_not_heard_of_is_on_its_way(suite: Suite) -> None:
    """It believes the feed alone: the front door says so instead of failing."""
    await suite.promoted(b"first")
    await suite.eventually(lambda: asyncio.to_thread((suite.models / "ringrift_best_hex8_2p.pth").exists))
    body = {"model_path": "models/canonical_hex8_2p.pth"}
    suite.distribution.refusal = refusal(409, "not-known-yet")
    answer = await suite.client.post("/admin/distribute-model", json=body)
    assert answer.status_code == 202
    assert "the ledger's feed brings it" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("status", "slug", "answered", "kind"),
    [
        (409, "not-canonical", 409, "not-canonical"),
        (404, "not-found", 404, "not-found"),
        (401, "unauthorized", 503, "distribution-refused"),
        (503, "dependency-unavailable", 503, "distribution-refused"),
    ],
)
async def test_f61_a_refusal_of_the_distribution_is_passed_on_as_itself(
    suite: Suite, status: int, slug: str, answered: int, kind: str
) -> None:
    """What it says of the request is the answer, in its own words; what is between the services is said to be that."""
    await suite.promoted(b"first")
    await suite.eventually(lambda: asyncio.to_thread((suite.models / "ringrift_best_hex8_2p.pth").exists))
    suite.distribution.refusal = refusal(status, slug)
    answer = await suite.client.post("/admin/distribute-model", json={"model_path": "models/canonical_hex8_2p.pth"})
    is_problem(answer, answered, kind, "what it says")
    assert "{" not in answer.json()["detail"]


def refusal(status: int, slug: str) -> tuple[int, Any]:
    """A problem of the distribution service."""
    return status, {"type": f"urn:ringrift:problem:{slug}", "title": slug, "status": status, "detail": "what it says"}


async def test_f62_fewer_games_than_the_policy_asks_for_decide_nothing(suite: Suite) -> None:
    """They are refused, and say how they would be possible: in a dry run."""
    (suite.models / "a.pth").write_bytes(b"model")
    few = {**GOOD, "gauntlet_games": 49}
    is_problem(await suite.client.post("/admin/promote", json=few), 422, "too-few-games", "the policy asks for 50")
    assert await suite.events("EVALUATION_REQUESTED") == []
    for enough in ({**few, "dry_run": True}, {**few, "gauntlet_games": 50}):
        assert (await suite.client.post("/admin/promote", json=enough)).status_code == 202


async def test_f61_a_body_that_cannot_be_read_is_a_problem_with_a_name(suite: Suite) -> None:
    """No UTF-8 at all is told from JSON that is wrong."""
    headers = {"Content-Type": "application/json"}
    answer = await suite.client.post("/admin/promote", content=b"\xff{}", headers=headers)
    is_problem(answer, 400, "unreadable-body", "body")
    is_problem(await suite.client.post("/admin/promote", content=b"{", headers=headers), 422, "invalid-request", "JSON")


async def test_f55_the_ledger_is_read_in_one_answer(suite: Suite) -> None:
    """Every configuration's canonical version, and in GET /status what the distribution service makes of them."""
    assert (await suite.get("/v1/configurations"))["items"] == []
    digest = await suite.promoted(b"first")
    [canonical] = (await suite.get("/v1/configurations"))["items"]
    assert (canonical["configuration"], canonical["version"], canonical["digest"]) == ("hex8_2p", 1, digest)
    agreement: dict[str, Any] = {
        "agrees": False,
        "differences": [],
        "checked_at": None,
        "unreached": "connection refused",
    }
    suite.distribution.status["ledger"] = agreement
    nobody_ahead = {"epoch": 0, "nodes_ahead": 0, "ahead": []}
    assert (await suite.get("/status"))["ledger"] == agreement | nobody_ahead


async def test_unknown_things_are_problems(suite: Suite) -> None:
    """What does not exist, and what is no configuration, is answered in one form."""
    nobody = "00000000-0000-0000-0000-000000000000"
    is_problem(await suite.client.get(CANONICAL), 404, "not-found", "no canonical version yet")
    is_problem(await suite.client.get("/v1/configurations/go_2p/canonical"), 422, "invalid-configuration", "hex8_2p")
    is_problem(await suite.client.get("/v1/decisions?configuration=x"), 422, "invalid-configuration", "hex8_2p")
    is_problem(await suite.client.get(f"/v1/decisions/{nobody}"), 404, "not-found", nobody)
    is_problem(await suite.client.get(f"/v1/promotion-requests/{nobody}"), 404, "not-found", nobody)
    is_problem(await suite.client.get("/v1/events?after=yesterday"), 422, "invalid-cursor", "yesterday")
    is_problem(await suite.client.get("/v1/nothing"), 404, "not-found", "Not Found")


async def test_the_same_idempotency_key_asks_once(suite: Suite) -> None:
    """A retried request is the same request, even at the same moment; another one under its key is refused."""
    (suite.models / "a.pth").write_bytes(b"model")
    headers = {"Idempotency-Key": "k"}
    answers = await asyncio.gather(*(suite.client.post("/admin/promote", json=GOOD, headers=headers) for _ in range(3)))
    assert {answer.status_code for answer in answers} == {202}
    [request_id] = {answer.json()["id"] for answer in answers}
    assert {answer.headers["location"] for answer in answers} == {f"/v1/promotion-requests/{request_id}"}
    assert len(await suite.events("EVALUATION_REQUESTED")) == 1
    other = await suite.client.post("/admin/promote", json={**GOOD, "dry_run": True}, headers=headers)
    is_problem(other, 422, "idempotency-key-reused", "use a new key")


@pytest.mark.parametrize(
    "status", [[], {"daemon": {}}, "busy", {"model_distribution": "none", "daemon": {}, "alive_peers": []}]
)
async def test_g18_a_senseless_answer_of_the_distribution_is_not_a_zero(suite: Suite, status: Any) -> None:
    """GET /status shows no distribution that nobody reported."""
    suite.distribution.status = status
    shown = await suite.get("/status")
    assert shown["model_distribution"]["status"] == "unreachable"
    assert shown["daemons"]["MODEL_DISTRIBUTION"]["status"] == "unreachable"


@pytest.mark.parametrize("settings_changed", [{"distribution_url": "http://127.0.0.1:9"}])
async def test_g18_an_unreachable_distribution_is_not_a_zero(suite: Suite) -> None:
    """The front door says that the distribution service cannot be reached, and still shows what is its own."""
    digest = await suite.promoted(b"first")
    shown = await suite.get("/status")
    assert shown["model_distribution"]["status"] == "unreachable"
    assert shown["promotion_status"]["configurations"]["hex8_2p"]["digest"] == digest
    await suite.eventually(lambda: asyncio.to_thread((suite.models / "ringrift_best_hex8_2p.pth").exists))
    body = json.dumps({"model_path": "models/canonical_hex8_2p.pth"})
    is_problem(await suite.client.post("/admin/distribute-model", content=body), 503, "distribution-unreachable", "")


async def test_the_documentation_works_and_names_every_operation(suite: Suite) -> None:
    """OpenAPI has stable operation ids, and every route that can refuse says so."""
    paths = (await suite.get("/openapi.json"))["paths"]
    ids = [operation["operationId"] for path in paths.values() for operation in path.values()]
    assert len(ids) == len(set(ids))
    assert {"promote", "distribute_model", "read_status", "rollback", "list_decisions"} <= set(ids)
    assert "application/problem+json" in paths["/admin/promote"]["post"]["responses"]["422"]["content"]
    assert (await suite.client.get("/docs")).status_code == 200
