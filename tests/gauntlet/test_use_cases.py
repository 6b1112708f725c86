"""The use cases around the games, on a real database: what is asked for, waited for and cancelled, and what is emitted when."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.gauntlet import repository
from services.gauntlet.announced import Announced
from services.gauntlet.errors import ClaimOverError, EndedError, MoveRefusedError, UnknownError
from services.gauntlet.service import WorkService
from services.gauntlet.worker.work import Work, WorkFailure, WorkReport
from shared.contract.words import EvaluationState
from shared.storage.artifacts import Artifact
from tests.gauntlet.trial import ARTIFACT, HEX8, Trial, report

NETWORK, OTHER_NETWORK = (Announced("mlp", {"hidden": hidden, "layers": 1}) for hidden in (8, 16))
OTHER = Artifact("1" * 64, 7)


async def test_what_was_announced_of_a_model_is_remembered_for_its_bytes(trial: Trial) -> None:
    """Asked for again without it, or met as the canonical version, it is the network that it was announced as."""
    await trial.service.cancel(await trial.queue(announced=NETWORK))
    await trial.service.cancel(await trial.queue(announced=OTHER_NETWORK, artifact=OTHER))
    evaluation_id = await trial.queue()
    await trial.promoted(1, OTHER.digest)
    work = await trial.claim()
    assert (await trial.evaluation(evaluation_id)).architecture is None
    assert work.previous is not None
    for each, artifact, network in ((work.candidate, ARTIFACT, NETWORK), (work.previous, OTHER, OTHER_NETWORK)):
        assert (each.digest, each.architecture, each.parameters) == (artifact.digest, *network)


WRITES: dict[str, Callable[[WorkService, Work], Awaitable[Any]]] = {
    "a sign of life": lambda service, work: service.report(work.claim_id, WorkReport()),
    "games": lambda service, work: service.report(work.claim_id, report(work)),
    "a death": lambda service, work: service.fail(work.claim_id, WorkFailure(code="worker_lost", reason="code -9")),
    "a failure": lambda service, work: service.fail(work.claim_id, WorkFailure(code="internal", reason="odd")),
}


@pytest.mark.parametrize("write", WRITES)
async def test_g06_nothing_follows_the_terminal_event(trial: Trial, write: str) -> None:
    """Whoever plays a cancelled evaluation is told so, and neither its games nor its end are written again."""
    evaluation_id = await trial.queue()
    work = await trial.claim()
    await trial.service.cancel(evaluation_id)
    with pytest.raises(ClaimOverError):
        await WRITES[write](trial.work, work)
    await trial.work.give_back(work.claim_id)
    assert await trial.emitted() == ["EVALUATION_STARTED", "EVALUATION_FAILED"]
    assert await trial.games(evaluation_id) == []
    assert await trial.claims(1) == [None]
    with pytest.raises(EndedError, match="it is failed"):
        await trial.service.cancel(evaluation_id)


async def test_g06_cancelled_before_it_is_claimed_it_is_never_begun(trial: Trial) -> None:
    """It has one event, that of its end."""
    await trial.service.cancel(await trial.queue())
    assert await trial.claims(1) == [None]
    assert await trial.emitted() == ["EVALUATION_FAILED"]


async def test_what_was_read_without_its_lock_is_not_written(trial: Trial) -> None:
    """A move of an evaluation that changed since is refused, not written over what is there."""
    evaluation_id = await trial.queue()
    stale = (await trial.service.evaluation(evaluation_id)).evaluation
    await trial.claim()
    with pytest.raises(RuntimeError, match="changed after it was read"):
        async with trial.database.write() as tx:
            await repository.save(tx, stale.cancelled())
    assert (await trial.evaluation(evaluation_id)).state is EvaluationState.RUNNING


async def test_the_service_moves_what_it_finds(trial: Trial) -> None:
    """An unknown evaluation is unknown, and one that is queued waits for nothing."""
    evaluation_id = await trial.queue()
    with pytest.raises(MoveRefusedError):
        await trial.service.stalled(evaluation_id, "no room")
    for ask in (trial.service.cancel, trial.service.evaluation):
        with pytest.raises(UnknownError, match="there is no evaluation"):
            await ask(uuid4())


async def test_a_claim_that_there_never_was_is_over(trial: Trial) -> None:
    """Whatever is said of it; giving it back is no error, for it may have run out."""
    for said in (WorkReport(), WorkReport(done=True)):
        with pytest.raises(ClaimOverError, match="there is no claim"):
            await trial.work.report(UUID(int=1), said)
    with pytest.raises(ClaimOverError):
        await trial.work.fail(UUID(int=1), WorkFailure(code="internal", reason="odd"))
    await trial.work.give_back(UUID(int=1))


async def test_what_it_waits_for_is_recorded_once(trial: Trial) -> None:
    """The same trouble again is no new revision."""
    asked = await trial.service.ask(uuid4(), HEX8, None, ARTIFACT.digest, None, None)
    for _ in range(2):
        await trial.service.stalled(asked.evaluation.id, "no room")
    [waiting] = await trial.service.without_model()
    assert (waiting.revision, waiting.waits_for) == (1, f"{waiting.lacks}: no room")
    await trial.service.taken_in(waiting.id, ARTIFACT)
    assert await trial.service.without_model() == []
    [waiting] = await trial.service.without_policy()
    assert (waiting.id, waiting.digest, waiting.waits_for) == (asked.evaluation.id, ARTIFACT.digest, waiting.lacks)
