"""Evaluations through the service's own doors: asked for, followed, listed, cancelled, failed."""

import subprocess
import sys
from typing import Any
from uuid import uuid4

import pytest

from services.gauntlet.training import training_id
from shared.contract.events.promotion import ModelPromoted
from shared.contract.events.trainer import TrainingCompleted
from shared.contract.policy import GatePolicy
from shared.storage.files import digest_of
from tests.gauntlet.conftest import DEMO, Suite

UNKNOWN = "00000000-0000-0000-0000-000000000000"


async def test_a_trained_model_is_evaluated(suite: Suite) -> None:
    """TRAINING_COMPLETED leads to a started and a completed evaluation, with every game recorded and the evidence summed."""
    data = TrainingCompleted(board_type="hex8", num_players=2, model_path=suite.add_demo_model(), trained_by="a test")
    event = await suite.announce(data)
    await suite.eventually(lambda: suite.events("EVALUATION_COMPLETED"))
    [completed], [started] = await suite.events("EVALUATION_COMPLETED"), await suite.events("EVALUATION_STARTED")
    assert completed["evaluation_id"] == started["evaluation_id"] == str(training_id(event.source, str(event.id)))
    assert completed["digest"] == digest_of(DEMO / "hex8_2p_trained.pth")
    games = (await suite.get(f"/v1/evaluations/{training_id(event.source, str(event.id))}/games?limit=1000"))["items"]
    opponents = completed["evidence"]["opponents"]
    assert len(games) == sum(each["games"] for each in opponents)
    assert [each["opponent"] for each in opponents] == ["random", "heuristic"]
    for each in opponents:
        played = [game["index"] for game in games if game["opponent"] == each["opponent"]]
        assert sorted(played) == list(range(each["games"]))
    assert all(game["network_evaluations"] > 0 for game in games)


async def test_g03_the_same_event_twice_is_one_evaluation(suite: Suite) -> None:
    """A redelivered TRAINING_COMPLETED starts nothing anew."""
    data = TrainingCompleted(
        board_type="hex8", num_players=2, model_path=suite.add_demo_model("untrained"), trained_by="t"
    )
    event = await suite.announce(data)
    await suite.eventually(lambda: suite.events("EVALUATION_COMPLETED"))
    await suite.bus.publish(event.model_copy())
    other = await suite.ask(model_path="models/untrained.pth")
    await suite.ended(other["id"])
    assert len((await suite.get("/v1/evaluations"))["items"]) == 2


async def test_the_canonical_version_is_met(suite: Suite) -> None:
    """After MODEL_PROMOTED the next candidate meets that version as `previous`."""
    first = await suite.ended((await suite.ask(model_path=suite.add_demo_model()))["id"])
    digest = first["digest"]
    size = (DEMO / "hex8_2p_trained.pth").stat().st_size
    for version, named in ((2, digest), (1, "0" * 64)):
        promoted = ModelPromoted(
            board_type="hex8",
            num_players=2,
            version=version,
            digest=named,
            size=size,
            decision_id=uuid4(),
            kind="automatic",
        )
        await suite.announce(promoted)

    async def met() -> Any:
        asked = await suite.ask(model_path=suite.add_demo_model("successor"), games=2)
        ended = await suite.ended(asked["id"])
        return ended if ended["previous"] else None

    ended = await suite.eventually(met)
    assert ended["previous"] == {"version": 2, "digest": digest}
    assert [each["opponent"] for each in ended["opponents"]] == ["random", "heuristic", "previous"]


async def test_asking_answering_and_listing(suite: Suite) -> None:
    """A request is answered at once with its address; the same key asks once; pages follow each other."""
    body = {"board_type": "hex8", "num_players": 2, "model_path": suite.add_demo_model("untrained"), "games": 2}
    answers = [
        await suite.client.post("/v1/evaluations", json=body, headers={"Idempotency-Key": "k1"}) for _ in range(2)
    ]
    assert {answer.headers["Location"] for answer in answers} == {f"/v1/evaluations/{answers[0].json()['id']}"}
    other = await suite.client.post("/v1/evaluations", json={**body, "games": 4}, headers={"Idempotency-Key": "k1"})
    assert (other.status_code, other.json()["type"]) == (422, "urn:ringrift:problem:idempotency-key-reused")
    second = await suite.ask(**body)
    page = await suite.get("/v1/evaluations?limit=1")
    assert [each["id"] for each in page["items"]] == [second["id"]]
    rest = await suite.get(f"/v1/evaluations?before={page['next']}&configuration=hex8_2p")
    assert [each["id"] for each in rest["items"]] == [answers[0].json()["id"]]
    by_digest = await suite.ask(digest=(await suite.ended(second["id"]))["digest"], games=2)
    assert (await suite.ended(by_digest["id"]))["state"] == "completed"


async def test_progress_is_followed_to_the_end(suite: Suite) -> None:
    """The stream has every change in order, ends after the terminal one, and goes on where a reader left it."""
    asked = await suite.ask(model_path=suite.add_demo_model())
    address = f"/v1/evaluations/{asked['id']}/progress"
    stream = (await suite.client.get(address)).text
    names = [line.removeprefix("event: ") for line in stream.splitlines() if line.startswith("event: ")]
    ids = [int(line.removeprefix("id: ")) for line in stream.splitlines() if line.startswith("id: ")]
    assert names[-1] == "completed"
    assert ids == sorted(set(ids))
    assert "event: completed" in (await suite.client.get(address, headers={"Last-Event-ID": str(ids[-2])})).text
    assert "event:" not in (await suite.client.get(address, headers={"Last-Event-ID": str(ids[-1])})).text


@pytest.mark.parametrize("policy", [GatePolicy(games=10_000)])
@pytest.mark.parametrize("settings_changed", [{"gauntlet_lanes": 8}])
async def test_g06_a_cancelled_evaluation_ends_once(suite: Suite) -> None:
    """Cancelling in the middle of the games ends it with EVALUATION_FAILED, and the next one is played."""
    asked = await suite.ask(model_path=suite.add_demo_model())
    await suite.playing(asked["id"])
    cancelled = await suite.client.post(f"/v1/evaluations/{asked['id']}/cancel")
    assert (cancelled.status_code, cancelled.json()["failure_code"]) == (200, "cancelled")
    again = await suite.client.post(f"/v1/evaluations/{asked['id']}/cancel")
    assert (again.status_code, again.json()["type"]) == (409, "urn:ringrift:problem:evaluation-ended")
    following = await suite.ask(model_path="models/trained.pth", games=2)
    assert (await suite.ended(following["id"]))["state"] == "completed"
    assert [each["code"] for each in await suite.events("EVALUATION_FAILED")] == ["cancelled"]
    assert len(await suite.events("EVALUATION_COMPLETED")) == 1


async def test_bad_requests_are_answered_with_a_problem(suite: Suite) -> None:
    """Each has its status and says what is wrong; nothing is recorded."""
    base = {"board_type": "hex8", "num_players": 2}
    bad: list[tuple[str, str, Any, int, str]] = [
        ("POST", "/v1/evaluations", base, 422, "model_path"),
        ("POST", "/v1/evaluations", {**base, "model_path": "../../etc/passwd"}, 422, "models folder"),
        ("POST", "/v1/evaluations", {**base, "model_path": "/etc/passwd"}, 422, "models folder"),
        ("POST", "/v1/evaluations", {**base, "model_path": "a.pth", "board_type": "hex9"}, 422, "board_type"),
        ("POST", "/v1/evaluations", {**base, "model_path": "a.pth", "num_players": 5}, 422, "num_players"),
        ("POST", "/v1/evaluations", {**base, "model_path": "a.pth", "games": 10**9}, 422, "games"),
        ("POST", "/v1/evaluations", {**base, "model_path": "a.pth", "gamez": 4}, 422, "gamez"),
        ("POST", "/v1/evaluations", {**base, "digest": "A" * 64}, 422, "digest"),
        ("GET", f"/v1/evaluations/{UNKNOWN}", None, 404, UNKNOWN),
        ("GET", f"/v1/evaluations/{UNKNOWN}/games", None, 404, UNKNOWN),
        ("GET", f"/v1/evaluations/{UNKNOWN}/progress", None, 404, UNKNOWN),
        ("POST", f"/v1/evaluations/{UNKNOWN}/cancel", None, 404, UNKNOWN),
        ("GET", "/v1/evaluations/../../etc", None, 404, "Not Found"),
        ("GET", "/v1/evaluations?configuration=chess", None, 422, "query.configuration"),
        ("GET", "/v1/evaluations?state=lost", None, 422, "state"),
    ]
    for method, path, body, status, named in bad:
        answer = await suite.client.request(method, path, json=body)
        assert answer.status_code == status, (path, body, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
        assert named in answer.json()["detail"]
    assert (await suite.get("/v1/evaluations"))["items"] == []


def test_g15_the_service_cannot_play() -> None:
    """Neither the engine nor the networks are even loaded in the process that answers requests."""
    program = "import sys, services.gauntlet.app; print({'torch', 'numba'} & set(sys.modules))"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert ended.stdout == "set()\n"
