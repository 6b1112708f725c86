"""From evidence to the canonical pointer, through the service's own doors."""

import asyncio
import json
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared.database import Database
from shared.evidence import CanonicalReference
from tests.promotion.conftest import Suite

CANONICAL = "/v1/configurations/hex8_2p/canonical"


async def canonical(suite: Suite) -> Any:
    """The canonical version, None if there is none yet."""
    answer = await suite.client.get(CANONICAL)
    return answer.json() if answer.status_code == 200 else None


async def test_a_passing_candidate_is_promoted_and_projected(suite: Suite) -> None:
    """Evidence that passes moves the pointer, emits MODEL_PROMOTED and writes the canonical files."""
    digest = suite.add_model(b"first")
    await suite.evaluated(digest)
    version = await suite.eventually(lambda: canonical(suite))
    assert (version["version"], version["digest"], version["kind"]) == (1, digest, "automatic")
    assert [event["data"]["version"] for event in await suite.events("MODEL_PROMOTED")] == [1]
    file = suite.models / "canonical_hex8_2p.pth"
    await suite.eventually(lambda: asyncio.to_thread((suite.models / "ringrift_best_hex8_2p.pth").exists))
    assert file.read_bytes() == b"first"
    assert not file.is_symlink()


async def test_a_failing_candidate_is_refused_with_the_reason(suite: Suite) -> None:
    """A candidate below a threshold is not promoted, and the event says which."""
    await suite.evaluated(suite.add_model(b"weak"), wins=20)
    events = await suite.eventually(lambda: suite.events("MODEL_PROMOTION_FAILED"))
    assert events[0]["data"]["verdict"] == "failed"
    assert "random: 50 of 50 games played, win rate 40.0%" in events[0]["data"]["reasons"][0]
    assert await canonical(suite) is None


async def test_g03_the_same_evaluation_twice_is_one_promotion(suite: Suite) -> None:
    """A redelivered event changes nothing."""
    event = await suite.evaluated(suite.add_model(b"first"))
    await suite.eventually(lambda: canonical(suite))
    assert suite.app is not None
    await suite.bus.publish(event)
    await suite.evaluated(suite.add_model(b"weak"), wins=0)
    await suite.eventually(lambda: suite.events("MODEL_PROMOTION_FAILED"))
    assert len(await suite.events("MODEL_PROMOTED")) == 1


async def test_g09_two_at_once_leave_no_gap_and_one_is_stale(suite: Suite) -> None:
    """Of two candidates that met the same canonical version one wins; the other is told why and evaluated again."""
    digests = [suite.add_model(b"one"), suite.add_model(b"two")]
    await asyncio.gather(*(suite.evaluated(digest) for digest in digests))
    failed = await suite.eventually(lambda: suite.events("MODEL_PROMOTION_FAILED"))
    promoted = await suite.events("MODEL_PROMOTED")
    assert [event["data"]["version"] for event in promoted] == [1]
    assert failed[0]["data"]["verdict"] == "stale"
    again = await suite.events("EVALUATION_REQUESTED")
    assert [event["data"]["digest"] for event in again] == [failed[0]["data"]["digest"]]


async def test_g10_a_rollback_is_a_higher_version(suite: Suite) -> None:
    """Going back names older bytes under a new version, and the backup of the former file is kept."""
    first, second = suite.add_model(b"first"), suite.add_model(b"second")
    await suite.evaluated(first)
    await suite.eventually(lambda: canonical(suite))
    await suite.evaluated(second, CanonicalReference(version=1, digest=first))

    async def second_is_projected() -> bool:
        return await asyncio.to_thread(lambda: (suite.models / "backup" / "canonical_hex8_2p.pth.bak").exists())

    await suite.eventually(second_is_projected)
    # the runbook's fix: copy the backup over the canonical file, and ask without a Content-Type
    backup = (suite.models / "backup" / "canonical_hex8_2p.pth.bak").read_bytes()
    (suite.models / "canonical_hex8_2p.pth").write_bytes(backup)
    body = json.dumps({"model_path": "models/canonical_hex8_2p.pth", "force": True})
    answer = await suite.client.post("/admin/distribute-model", content=body)
    assert answer.status_code == 202, answer.text
    version = await canonical(suite)
    assert (version["version"], version["digest"], version["kind"]) == (3, first, "rollback")


async def test_g18_an_unreachable_distribution_is_not_a_zero(suite: Suite) -> None:
    """GET /status says that the distribution service cannot be reached."""
    status = await suite.get("/status")
    assert status["model_distribution"]["status"] == "unreachable"


async def test_g02_the_history_cannot_be_rewritten(suite: Suite, database_url: str) -> None:
    """The database itself refuses a changed, removed or skipped version."""
    await suite.evaluated(suite.add_model(b"first"))
    await suite.eventually(lambda: canonical(suite))
    database = Database(database_url)
    for statement in (
        "update promotion.canonical_versions set digest = digest",
        "delete from promotion.canonical_versions",
    ):
        with pytest.raises(DBAPIError, match="append-only"):
            async with database.write() as tx:
                await tx.execute(text(statement))
    await database.close()


async def test_a_request_for_a_missing_or_outside_file_is_refused(suite: Suite) -> None:
    """A wrong path gets a problem document at once, and nothing is asked of the gauntlet."""
    body = {"board_type": "hex8", "num_players": 2}
    missing = await suite.client.post("/admin/promote", json={**body, "model_path": "models/none.pth"})
    outside = await suite.client.post("/admin/promote", json={**body, "model_path": "../../etc/passwd"})
    unknown = await suite.client.post("/admin/promote", json={**body, "model_path": "models/x.pth", "games": 3})
    assert [answer.status_code for answer in (missing, outside, unknown)] == [404, 422, 422]
    assert all(answer.headers["content-type"] == "application/problem+json" for answer in (missing, outside, unknown))
    assert await suite.events("EVALUATION_REQUESTED") == []


async def test_the_same_idempotency_key_asks_once(suite: Suite) -> None:
    """A retried request is the same request."""
    (suite.models / "a.pth").write_bytes(b"model")
    body = {"board_type": "hex8", "num_players": 2, "model_path": "models/a.pth"}
    answers = [await suite.client.post("/admin/promote", json=body, headers={"Idempotency-Key": "k"}) for _ in range(2)]
    assert answers[0].status_code == 202
    assert answers[0].json()["id"] == answers[1].json()["id"]
    assert len(await suite.events("EVALUATION_REQUESTED")) == 1
