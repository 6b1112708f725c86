"""Trainings through the service's own doors: announced over HTTP and NATS, kept, repeated, rejected, found."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from services.gauntlet.training import training_id
from shared.storage.database import Database
from tests.gauntlet.conftest import Suite

SUBJECT = "ringrift.events.TRAINING_COMPLETED.hex8_2p"


def event(model_path: str, event_id: str = "run-7/40", source: str = "/trainers/a", **more: Any) -> dict[str, Any]:
    """A trainer's event."""
    data = {"board_type": "hex8", "num_players": 2, "model_path": model_path, **more}
    return {"specversion": "1.0", "id": event_id, "source": source, "type": "TRAINING_COMPLETED", "data": data}


async def announced(suite: Suite, document: object) -> httpx.Response:
    """The answer to an announcement over HTTP."""
    headers = {"Content-Type": "application/cloudevents+json"}
    return await suite.client.post("/v1/trainings", content=json.dumps(document), headers=headers)


async def published(suite: Suite, document: object, headers: dict[str, str] | None = None) -> None:
    """Announce over NATS."""
    await suite.bus.send(SUBJECT, json.dumps(document).encode(), uuid4().hex, **(headers or {}))


async def found(suite: Suite, event_id: str, source: str = "/trainers/a") -> Any:
    """The training of an event; None if there is none."""
    page = await suite.client.get("/v1/trainings", params={"source": source, "event_id": event_id})
    items = page.json()["items"]
    return items[0] if items else None


async def test_an_announcement_is_kept_before_it_is_answered(suite: Suite) -> None:
    """202 with an address where the training and its evaluation are found, up to the evaluation's end."""
    answer = await announced(suite, event(suite.add_demo_model("untrained"), my_metric=0.5))
    assert answer.status_code == 202, answer.text
    training = await suite.get(answer.headers["location"])
    assert (training["event_id"], training["state"], training["door"]) == ("run-7/40", "accepted", "http")
    assert training["event"]["data"]["my_metric"] == 0.5
    ended = await suite.ended(training["evaluation_id"])
    assert (ended["reason"], ended["state"]) == ("training", "completed")
    assert (await suite.get(answer.headers["location"]))["evaluation_state"] == "completed"


async def test_g03_a_repetition_gets_the_same_answer(suite: Suite) -> None:
    """However often and by whatever door, at the same moment too: one training and one evaluation."""
    document = event(suite.add_demo_model("untrained"))
    answers = await asyncio.gather(*(announced(suite, document) for _ in range(8)))
    await published(suite, document)
    await published(suite, event("models/untrained.pth", "other"))
    await suite.eventually(lambda: found(suite, "other"))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.headers["location"] for answer in answers}) == 1
    assert len((await suite.get("/v1/evaluations"))["items"]) == 2


async def test_f06_two_sources_may_use_one_id(suite: Suite) -> None:
    """Neither vanishes; an id that a source uses for another model is refused in words."""
    path = suite.add_demo_model("untrained")
    for source in ("/trainers/a", "/trainers/b"):
        assert (await announced(suite, event(path, source=source))).status_code == 202
    assert len((await suite.get("/v1/evaluations"))["items"]) == 2
    reused = await announced(suite, event("models/other.pth"))
    assert (reused.status_code, reused.json()["type"]) == (422, "urn:ringrift:problem:event-id-reused")


async def test_f66_a_binary_message_over_nats_is_taken(suite: Suite) -> None:
    """The data alone, with the attributes in headers, from a trainer that knows nothing else of the suite."""
    headers = {"ce-specversion": "1.0", "ce-id": "b%201", "ce-source": "/trainers/a", "ce-type": "TRAINING_COMPLETED"}
    await published(suite, event(suite.add_demo_model("untrained"))["data"], headers)
    training = await suite.eventually(lambda: found(suite, "b 1"))
    assert (training["state"], training["door"]) == ("accepted", "nats")


async def test_f66_a_refused_announcement_is_seen_where_the_sender_looks(suite: Suite) -> None:
    """In the answer, at its address, and as TRAINING_REJECTED; mended, it is taken under its id."""
    answer = await announced(suite, event("models/a.pth", board_type="hex9"))
    problem = answer.json()
    assert (answer.status_code, problem["type"]) == (422, "urn:ringrift:problem:training-rejected")
    assert "board_type" in problem["detail"]
    kept = await suite.get(f"/v1/trainings/{problem['training']}")
    assert (kept["state"], kept["reason"], kept["evaluation_id"]) == ("rejected", problem["detail"], None)
    await published(suite, event("models/a.pth", "over nats", num_players=7))
    await suite.eventually(lambda: found(suite, "over nats"))
    said = await suite.events("TRAINING_REJECTED")
    assert [each["event_id"] for each in said] == ["run-7/40", "over nats"]
    mended = await announced(suite, event(suite.add_demo_model("untrained")))
    assert mended.status_code == 202
    assert (await found(suite, "run-7/40"))["state"] == "accepted"


@pytest.mark.parametrize("document", [[], {"board_type": "hex8"}, {"specversion": "1.0", "type": "TRAINING_COMPLETED"}])
async def test_what_is_no_event_is_refused(suite: Suite, document: object) -> None:
    """The answer says what an event looks like, and nothing is kept."""
    answer = await announced(suite, document)
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:ringrift:problem:invalid-cloud-event")
    assert (await suite.get("/v1/trainings"))["items"] == []


async def test_f59_an_attribute_that_cannot_be_stored_is_refused(suite: Suite) -> None:
    """U+0000 in an attribute that nobody here knows, more attributes than an event has, and U+0000 in a question."""
    binary = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/trainers/a", "ce-type": "TRAINING_COMPLETED"}
    many = event("models/a.pth") | {f"attribute{number}": 1 for number in range(200)}
    path = "/v1/trainings"
    answers = [
        await suite.client.post(path, json=event("models/a.pth")["data"], headers=binary | {"ce-more": "a%00b"}),
        await suite.client.post(path, json=many, headers={"Content-Type": "application/cloudevents+json"}),
        await suite.client.get(f"{path}?source=a%00b"),
    ]
    assert {answer.status_code for answer in answers} == {422}
    assert (await suite.get(path))["items"] == []


async def test_trainings_are_listed(suite: Suite) -> None:
    """Newest first, a page at a time, by state; an unknown one is 404."""
    for number in range(3):
        await announced(suite, event(f"models/{number}.pth", str(number)))
    await announced(suite, event("models/x.pth", "bad", num_players=9))
    newest = await suite.get("/v1/trainings?limit=2")
    rest = await suite.get(f"/v1/trainings?limit=5&before={newest['next']}")
    assert [each["event_id"] for each in [*newest["items"], *rest["items"]]] == ["bad", "2", "1", "0"]
    assert [each["event_id"] for each in (await suite.get("/v1/trainings?state=rejected"))["items"]] == ["bad"]
    assert (await suite.client.get(f"/v1/trainings/{training_id('/trainers/a', 'none')}")).status_code == 404


async def test_f51_what_evidence_rests_on_is_never_pruned(suite: Suite, database_url: str) -> None:
    """Games of a failed evaluation and rejected trainings go after their time, everything else stays."""
    await announced(suite, event("models/x.pth", "bad", num_players=9))
    kept = await suite.ended((await announced(suite, event(suite.add_demo_model("untrained")))).json()["evaluation_id"])
    cancelled = (await suite.ask(model_path=suite.add_demo_model("trained")))["id"]
    await suite.playing(cancelled)
    await suite.client.post(f"/v1/evaluations/{cancelled}/cancel")
    await suite.ended(cancelled)
    await make_old(database_url)
    would = (await suite.client.post("/v1/retention?dry_run=true")).json()
    assert would["deleted"]["gauntlet.games"] > 0
    assert would["deleted"]["gauntlet.trainings"] == 1
    assert (await suite.client.post("/v1/retention")).json() == {**would, "dry_run": False}
    assert (await suite.get(f"/v1/evaluations/{cancelled}/games"))["items"] == []
    assert (await suite.get(f"/v1/evaluations/{kept['id']}/games"))["items"]
    assert [each["event_id"] for each in (await suite.get("/v1/trainings"))["items"]] == ["run-7/40"]


async def make_old(database_url: str) -> None:
    """Everything happened a year ago."""
    database = Database(database_url)
    year = "interval '365 days'"
    async with database.write() as tx:
        for statement in (
            "alter table gauntlet.evaluations disable trigger ended_is_final",
            f"update gauntlet.evaluations set ended_at = ended_at - {year}",
            f"update gauntlet.trainings set received_at = received_at - {year}",
        ):
            await tx.execute(text(statement))
    await database.close()
