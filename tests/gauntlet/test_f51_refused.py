"""Models that were refused on sight are let go; whatever else may need one keeps it."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest

from services.gauntlet.refused import Refused
from services.gauntlet.worker.work import WorkFailure
from shared.contract.words import FailureCode
from shared.storage.artifact_folder import ArtifactFolder
from shared.storage.artifacts import Artifact
from tests.gauntlet.trial import Trial, trial_on

FILES = {name: name.encode() for name in ("broken", "other", "canonical", "lost")}
DIGESTS = {name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()}


@pytest.fixture
async def trial(database_url: str, tmp_path: Path) -> AsyncIterator[Trial]:
    """A service on a database."""
    async with trial_on(database_url, tmp_path) as made:
        yield made


async def fails(trial: Trial, name: str, code: FailureCode) -> UUID:
    """A worker cannot carry out the evaluation of a model."""
    evaluation_id = await trial.queue(artifact=Artifact(DIGESTS[name], len(FILES[name])))
    work = await trial.claim()
    assert work.evaluation_id == evaluation_id
    await trial.work.fail(work.claim_id, WorkFailure.model_validate({"code": code, "reason": "no model"}))
    return evaluation_id


async def test_f51_a_model_that_was_refused_on_sight_is_not_kept(trial: Trial, tmp_path: Path) -> None:
    """Once; not one that is canonical, or evaluated elsewhere, or that failed for the machine's sake."""
    store, source = ArtifactFolder(tmp_path / "artifacts"), tmp_path / "source.pth"
    for content in FILES.values():
        source.write_bytes(content)
        store.take_in(source)
    await trial.promoted(1, DIGESTS["canonical"])
    for name in ("broken", "other", "canonical"):
        await fails(trial, name, "model_invalid")
    await fails(trial, "lost", "too_slow")
    await trial.queue(artifact=Artifact(DIGESTS["other"], 5))
    refused = Refused(trial.service, store)
    await refused.look()
    assert [each.digest for each in store.items("condemned")] == [DIGESTS["broken"]]
    assert store.find(DIGESTS["broken"]) is not None
    await refused.look()
    assert {each.digest for each in store.items()} == set(DIGESTS.values())
