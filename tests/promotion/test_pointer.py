"""The pointer: compared before it is set, its history, and many who move it at once."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from services.promotion.repository import lock_configuration
from tests.promotion.conftest import CANONICAL, Suite, loaded
from tests.promotion.test_front_door import is_problem
from tests.promotion.test_people import BAD, HEX8

CLIENTS = 32
WAITING = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
ASKED = {"model_path": "models/asked.pth", "board_type": "hex8", "num_players": 2}


async def three_versions(suite: Suite) -> list[str]:
    """Promote three models; returns their digests. Files of the first, and of one to be asked for, are there."""
    for name, content in (("asked.pth", b"asked"), ("old.pth", b"first")):
        await asyncio.to_thread((suite.models / name).write_bytes, content)
    return [await suite.promoted(content) for content in (b"first", b"secnd", b"third")]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"{HEX8}/rollback", BAD),
        ("/admin/distribute-model", {"model_path": "models/old.pth", "force": True}),
        ("/admin/promote", ASKED),
        ("/admin/promote", {**ASKED, "force": True, **BAD}),
    ],
)
async def test_whoever_saw_another_version_moves_nothing(suite: Suite, path: str, body: dict[str, Any]) -> None:
    """Each route that moves the pointer compares it with If-Match first, and says where it is; any other text is no version."""
    await three_versions(suite)
    for seen in (2, 4, 0):
        is_problem(await suite.posts(path, body, seen), 412, "version-moved", f'canonical is version 3, not "{seen}"')
    odd = await suite.client.post(path, json=body, headers={"If-Match": "abc"})
    is_problem(odd, 412, "version-moved", "is no version")
    assert ((await suite.canonical())["version"], await suite.events("EVALUATION_REQUESTED")) == (3, [])
    answer = await suite.client.post(path, json=body, headers={"If-Match": 'W/"3"'})
    assert answer.is_success, answer.text


async def test_a_request_is_good_for_the_version_that_it_saw(suite: Suite) -> None:
    """The pointer moved while its games were played: the model is withheld with both versions, and the request has ended."""
    await three_versions(suite)
    request = (await suite.posts("/admin/promote", {**ASKED, "force": True, **BAD}, seen=3)).json()
    assert (request["seen_version"], request["why"]) == (3, BAD["reason"])
    assert (await suite.posts(f"{HEX8}/rollback", {**BAD, "to_version": 2})).status_code == 201
    await suite.hears(loaded(suite.add_model(b"asked"), request["id"]))
    closed = await suite.closed(request["id"])
    assert (closed["state"], closed["code"]) == ("refused", "version_moved")
    assert 'canonical is version 4, and the request was made for "3"' in closed["reason"]


async def test_the_history_is_read_in_pages(suite: Suite) -> None:
    """Each goes on where the one before ended, and the last says that there is no more; decisions likewise."""
    await three_versions(suite)
    first = await suite.get(f"{HEX8}/versions?limit=2")
    assert ([each["version"] for each in first["items"]], first["next"]) == ([3, 2], 2)
    last = await suite.get(f"{HEX8}/versions?limit=2&before={first['next']}")
    assert ([each["version"] for each in last["items"]], last["next"]) == ([1], None)
    everything = [each["id"] for each in (await suite.get("/v1/decisions"))["items"]]
    page = await suite.get("/v1/decisions?limit=2")
    rest = await suite.get(f"/v1/decisions?limit=2&before={page['next']}")
    assert [each["id"] for each in page["items"] + rest["items"]] == everything
    assert rest["next"] is None


async def test_what_was_canonical_at_a_moment(suite: Suite) -> None:
    """From its promotion on, until the next one's; before the first there was none, and a time without its zone is none."""
    await three_versions(suite)
    history = (await suite.get(f"{HEX8}/versions"))["items"]
    for version in history:
        at = datetime.fromisoformat(version["promoted_at"])
        answer = await suite.client.get(CANONICAL, params={"at": at.isoformat()})
        assert (answer.json(), answer.headers["ETag"]) == (version, f'"{version["version"]}"')
        before = await suite.client.get(CANONICAL, params={"at": (at - timedelta(microseconds=1)).isoformat()})
        if version["version"] == 1:
            is_problem(before, 404, "not-found", "no version of hex8_2p that was canonical at")
        else:
            assert before.json()["version"] == version["version"] - 1
    is_problem(await suite.client.get(f"{CANONICAL}?at=2026-01-01T00:00:00"), 422, "invalid-request", "at")


async def test_a_version_is_of_the_moment_at_which_the_pointer_moved(suite: Suite) -> None:
    """Whoever had to wait for another move has a later version, with a later time."""
    await three_versions(suite)
    async with suite.database.write() as tx:
        await lock_configuration(tx, "hex8_2p")
        waiting = asyncio.create_task(suite.posts(f"{HEX8}/rollback", BAD))
        await suite.eventually(lambda: asked(suite, WAITING))
        released = await asked(suite, "select clock_timestamp()")
    moved = (await waiting).json()
    assert datetime.fromisoformat(moved["promoted_at"]) >= released


async def asked(suite: Suite, question: str) -> Any:
    """What the database answers."""
    async with suite.database.read() as tx:
        return (await tx.execute(text(question))).scalar()


async def test_many_who_move_the_pointer_at_once(suite: Suite) -> None:
    """Of all who saw one version one wins, the others are told why, and versions are without gaps."""
    await three_versions(suite)
    bodies = [
        (f"{HEX8}/rollback", {**BAD, "to_version": 1}),
        (f"{HEX8}/rollback", {**BAD, "to_version": 2}),
        ("/admin/distribute-model", {"model_path": "models/old.pth", "force": True}),
        ("/admin/promote", {**ASKED, "force": True, **BAD}),
    ]
    for round_number in range(3):
        seen = (await suite.canonical())["version"]
        asked = [suite.posts(*bodies[index % len(bodies)], seen) for index in range(CLIENTS)]
        answers = await asyncio.gather(*asked)
        opened = [each.json() for each in answers if each.url.path == "/admin/promote" and each.status_code == 202]
        await force_all(suite, opened)
        outcomes = Counter(each.status_code for each in answers)
        assert set(outcomes) <= {201, 202, 409, 412}, outcomes
        moved = [each for each in answers if has_moved(each)]
        ended = [(await suite.closed(each["id"]))["code"] for each in opened]
        assert len(moved) + ended.count("games_skipped") == 1, (round_number, outcomes, ended)
        told = [each.json()["detail"] for each in answers if each.status_code in (409, 412)]
        assert all(f"canonical is version {seen + 1}" in each or "already has the bytes" in each for each in told)
        assert (await suite.canonical())["version"] == seen + 1
    versions = [each["version"] for each in (await suite.get(f"{HEX8}/versions"))["items"]]
    assert versions == list(range(len(versions), 0, -1))
    nodes = [event["data"]["version"] for event in await suite.events("MODEL_PROMOTED")]
    assert nodes == versions[::-1]


def has_moved(answer: httpx.Response) -> bool:
    """Whether an answer says that the pointer is another one now because of it."""
    return answer.status_code == 201 or (answer.status_code == 202 and answer.json().get("changed") is True)


async def force_all(suite: Suite, opened: list[Any]) -> None:
    """The gauntlet loads every model that is to be forced."""
    digest = suite.add_model(b"asked")
    for request in opened:
        if request["state"] == "open":
            await suite.hears(loaded(digest, request["id"]))
