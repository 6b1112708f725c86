"""The use cases on a real database, without a bus, a worker or a route: leases, the order of claims, and what is emitted when."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from play.record import PlayedGame
from services.gauntlet import repository
from services.gauntlet.errors import EndedError, LeaseLostError, MoveRefusedError, UnknownError
from services.gauntlet.evaluation import Announced
from services.gauntlet.feedback_loop import FeedbackLoopController
from services.gauntlet.lease import Lease
from services.gauntlet.service import GauntletService
from services.gauntlet.tables import MESSAGING
from shared.contract.configuration import Configuration
from shared.contract.evidence import ModelMetadata
from shared.contract.policy import GatePolicy, PlayPolicy
from shared.contract.words import EvaluationState
from shared.messaging.outbox import BEGINNING, Outbox
from shared.messaging.repository import MessageStore
from shared.storage.artifacts import Artifact
from shared.storage.database import Database

HEX8, SQUARE8 = Configuration("hex8", 2), Configuration("square8", 2)
ARTIFACT = Artifact("0" * 64, 7, Path("a"))
MODEL = ModelMetadata(architecture="mlp", parameters=3)
POLICY = GatePolicy(games=2)
GAME = PlayedGame(
    opponent="random", index=0, seed=1, opening_seed=1, seat=0, outcome="win", units=2, decisions=9, network_evaluations=4,
    moves="AAAA",
)  # fmt: skip


@dataclass
class Trial:
    """A service and its database. `lease_seconds` of 0 makes every lease run out at once."""

    database: Database
    service: GauntletService
    outbox: Outbox = field(default_factory=lambda: Outbox(MessageStore(MESSAGING)))

    def with_leases_of(self, seconds: float) -> GauntletService:
        """The service of another process on the same database."""
        return replace(self.service, lease_seconds=seconds)

    async def queue(self, configuration: Configuration = HEX8) -> UUID:
        """An evaluation that waits to be played."""
        asked = await self.service.ask(uuid4(), configuration, None, ARTIFACT.digest, 2, None)
        await self.service.taken_in(asked.evaluation.id, ARTIFACT)
        await self.service.ruled_by(asked.evaluation.id, POLICY)
        return asked.evaluation.id

    async def claim(self) -> Lease:
        """The lease of the next evaluation."""
        claimed = await self.service.claim()
        assert claimed is not None
        return claimed.lease

    async def emitted(self) -> list[str]:
        """The types of all events, oldest first."""
        await self.outbox.order_once(self.database)
        async with self.database.read() as tx:
            return [event.type for event in (await self.outbox.page(tx, BEGINNING, 100)).events]


@pytest.fixture
async def trial(database_url: str, tmp_path: Path) -> AsyncIterator[Trial]:
    """A service on a database of its own."""
    database, outbox = Database(database_url), Outbox(MessageStore(MESSAGING))
    service = GauntletService(
        database, outbox, "/services/gauntlet", FeedbackLoopController(PlayPolicy()), tmp_path,
        lease_seconds=60, most_attempts=2,
    )  # fmt: skip
    yield Trial(database, service)
    await database.close()


async def test_what_was_announced_of_a_model_is_remembered_for_its_bytes(trial: Trial) -> None:
    """Asked for again without it, and met as the canonical version, it is the network that it was announced as."""
    network = Announced("mlp", {"hidden": 8, "layers": 1})
    asked = await trial.service.ask(uuid4(), HEX8, None, ARTIFACT.digest, 2, None, network)
    await trial.service.taken_in(asked.evaluation.id, ARTIFACT)
    await trial.service.cancel(asked.evaluation.id)
    await trial.queue()
    async with trial.database.write() as tx:
        await repository.record_canonical(tx, str(HEX8), 1, ARTIFACT.digest)
    begun = await trial.service.begin(await trial.claim())
    assert begun.evaluation.architecture is None
    assert (begun.candidate, begun.previous) == (network, network)


WRITES: dict[str, Callable[[GauntletService, Lease], Awaitable[Any]]] = {
    "begin": lambda service, lease: service.begin(lease),
    "described": lambda service, lease: service.described(lease, MODEL),
    "played": lambda service, lease: service.played(lease, [GAME]),
    "completed": lambda service, lease: service.completed(lease, 1.0),
    "failed": lambda service, lease: service.failed(lease, "internal", "out of order"),
    "worker_lost": lambda service, lease: service.worker_lost(lease, "code -9"),
    "released": lambda service, lease: service.released(lease),
}


async def test_f14_a_lease_of_another_clock_is_taken_over(trial: Trial) -> None:
    """The database's clock was set back an hour: what a dead runner holds can be claimed, what a living one holds cannot."""
    await trial.queue()
    held = await trial.with_leases_of(3600 + 60).claim()
    assert held is not None
    assert (await trial.claim()).evaluation_id == held.lease.evaluation_id
    assert await trial.service.claim() is None


@pytest.mark.parametrize("write", WRITES)
async def test_g06_a_runner_that_was_overtaken_writes_nothing(trial: Trial, write: str) -> None:
    """Its lease ran out and another runner has the evaluation: every call of it is refused, and leaves no trace."""
    evaluation_id = await trial.queue()
    slow = await trial.with_leases_of(0).claim()
    assert slow is not None
    lease = await trial.claim()
    before = await trial.service.evaluation(evaluation_id)
    with pytest.raises(LeaseLostError):
        await WRITES[write](trial.service, slow.lease)
    assert not await trial.service.keep(slow.lease)
    after = await trial.service.evaluation(evaluation_id)
    assert replace(after.evaluation, seen_at=before.evaluation.seen_at) == before.evaluation
    assert after.evaluation.lease_owner == lease.owner
    assert (await trial.emitted(), await trial.service.games(evaluation_id, None, 0, 10)) == ([], [])


@pytest.mark.parametrize("write", WRITES)
async def test_g06_nothing_follows_the_terminal_event(trial: Trial, write: str) -> None:
    """Cancelled between a claim and its first word, an evaluation is neither started nor ended again."""
    evaluation_id = await trial.queue()
    lease = await trial.claim()
    await trial.service.cancel(evaluation_id)
    with pytest.raises(LeaseLostError):
        await WRITES[write](trial.service, lease)
    assert await trial.emitted() == ["EVALUATION_FAILED"]
    with pytest.raises(EndedError, match="it is failed"):
        await trial.service.cancel(evaluation_id)


async def test_an_evaluation_is_played_to_its_end(trial: Trial) -> None:
    """What is recorded comes back as it was, and its events are the two of its life."""
    evaluation_id = await trial.queue()
    lease = await trial.claim()
    begun = await trial.service.begin(lease)
    assert begun.played == []
    await trial.service.described(lease, MODEL)
    await trial.service.played(lease, [GAME])
    assert (await trial.service.begin(lease)).played == [GAME]
    await trial.service.completed(lease, 1.5)
    ended, evidence = await trial.service.evaluation(evaluation_id)
    assert (ended.state, ended.model, ended.attempts) == (EvaluationState.COMPLETED, MODEL, 0)
    assert ended.evidence is not None
    assert evidence is not None
    assert (ended.evidence.policy_id, ended.evidence.cpu_seconds) == (POLICY.id, 1.5)
    assert ended.evidence.opponents == evidence.opponents
    assert await trial.emitted() == ["EVALUATION_STARTED", "EVALUATION_COMPLETED"]


async def test_g06_a_heartbeat_keeps_the_evaluation(trial: Trial) -> None:
    """As long as it beats nobody takes it over, and a beat is no change that anybody is told of."""
    evaluation_id = await trial.queue()
    slow = await trial.with_leases_of(0).claim()
    assert slow is not None
    before = await trial.service.evaluation(evaluation_id)
    assert await trial.service.keep(replace(slow.lease, seconds=60))
    assert await trial.service.claim() is None
    after = await trial.service.evaluation(evaluation_id)
    assert after.evaluation.revision == before.evaluation.revision


async def test_the_oldest_is_claimed_first_and_one_of_each_configuration(trial: Trial) -> None:
    """The second of a configuration waits for the first, and is not overtaken by what came later."""
    first, second, other = await trial.queue(), await trial.queue(), await trial.queue(SQUARE8)
    lease = await trial.claim()
    assert [lease.evaluation_id, (await trial.claim()).evaluation_id] == [first, other]
    assert await trial.service.claim() is None
    await trial.service.released(lease)
    lease = await trial.claim()
    assert lease.evaluation_id == first
    await trial.service.failed(lease, "internal", "out of order")
    assert (await trial.claim()).evaluation_id == second


async def test_g06_many_runners_claim_each_evaluation_once(trial: Trial) -> None:
    """However many ask at the same time."""
    ids = {await trial.queue(), await trial.queue(SQUARE8)}
    claims = await asyncio.gather(*(trial.service.claim() for _ in range(8)))
    assert sorted(claim.lease.evaluation_id for claim in claims if claim) == sorted(ids)


async def test_g06_the_last_lost_worker_ends_it(trial: Trial) -> None:
    """With two attempts, the second end of a worker is the evaluation's."""
    evaluation_id = await trial.queue()
    for state in (EvaluationState.QUEUED, EvaluationState.FAILED):
        await trial.service.worker_lost(await trial.claim(), "code -9")
        assert (await trial.service.evaluation(evaluation_id)).evaluation.state is state
    assert await trial.emitted() == ["EVALUATION_FAILED"]


async def test_what_was_read_without_its_lock_is_not_written(trial: Trial) -> None:
    """A move of an evaluation that changed since is refused, not written over what is there."""
    evaluation_id = await trial.queue()
    stale = (await trial.service.evaluation(evaluation_id)).evaluation
    await trial.claim()
    with pytest.raises(RuntimeError, match="changed after it was read"):
        async with trial.database.write() as tx:
            await repository.save(tx, stale.cancelled())
    assert (await trial.service.evaluation(evaluation_id)).evaluation.state is EvaluationState.RUNNING


async def test_the_service_moves_what_it_finds(trial: Trial) -> None:
    """An unknown evaluation is unknown, and one that is queued waits for nothing."""
    evaluation_id = await trial.queue()
    with pytest.raises(MoveRefusedError):
        await trial.service.stalled(evaluation_id, "no room")
    for ask in (trial.service.cancel, trial.service.evaluation):
        with pytest.raises(UnknownError, match="there is no evaluation"):
            await ask(uuid4())


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
