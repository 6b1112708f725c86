"""The gauntlet service's use cases. Routes, consumers and the background work call these, and events are emitted here alone.

What an evaluation may do is in evaluation.py, the statements in repository.py; here is what belongs together in one transaction.
Every evaluation ends here, in exactly one terminal event, written in the transaction that ends it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from play.record import PlayedGame
from services.gauntlet import announcements, evidence, repository
from services.gauntlet.cloud_event import CloudEvent
from services.gauntlet.errors import LeaseLostError, NotVerifiableError, UnknownError
from services.gauntlet.evaluation import NOTHING_ANNOUNCED, Announced, Evaluation
from services.gauntlet.evidence import Standing
from services.gauntlet.feedback_loop import FeedbackLoopController, seed_of
from services.gauntlet.lease import Lease
from services.gauntlet.records import Begun, Claimed
from services.gauntlet.training import Training
from shared.contract.configuration import Configuration
from shared.contract.events import Event, EventData, Traced
from shared.contract.events.promotion import EvaluationRequested, ModelPromoted
from shared.contract.evidence import ModelMetadata
from shared.contract.policy import GatePolicy
from shared.contract.words import EvaluationState, FailureCode, TrainingDoor, TrainingState
from shared.messaging.outbox import Outbox
from shared.storage.artifacts import Artifact, resolve_inside
from shared.storage.database import Read, Transactions, Write
from shared.storage.idempotency import KeyReusedError

PROGRESS_SECONDS = 1.0


@dataclass(frozen=True)
class GauntletService:
    """Records, follows and ends evaluations. `source`: of its events; `most_attempts`: workers that may die in a row."""

    database: Transactions
    outbox: Outbox
    source: str
    controller: FeedbackLoopController
    models_dir: Path
    lease_seconds: float
    most_attempts: int

    async def take_training(self, event: CloudEvent, door: TrainingDoor) -> Training:
        """Record what a trainer announced, with its evaluation or with why it is rejected; the same announcement again finds the
        first. EventIdReusedError if its source used its id for something else."""
        training, data = Training.of(event, door)
        async with self.database.write() as tx:
            earlier = await repository.add_training(tx, training)
            if earlier is not None and (earlier.repeats(training) or not earlier.fingerprint):
                return earlier
            if earlier is not None:
                earlier.require_replaceable()
                await repository.replace_training(tx, training)
            if data is None:
                await self._emit(tx, announcements.rejected(training), event)
            else:
                planned = self.controller.after_training(training.id, data)
                await repository.add_evaluation(tx, planned, event.document())
        return training

    async def training(self, training_id: UUID) -> Training:
        """What became of an announcement. UnknownError if there is none."""
        async with self.database.read() as tx:
            found = await repository.training(tx, training_id)
        if found is None:
            raise UnknownError(f"there is no training {training_id}")
        return found

    async def trainings(
        self, source: str | None, event_id: str | None, state: TrainingState | None, before: UUID | None, limit: int
    ) -> list[Training]:
        """Trainings, newest first."""
        async with self.database.read() as tx:
            return await repository.list_trainings(tx, source, event_id, state, before, limit)

    async def after_request(self, tx: Write, event: Event, data: EvaluationRequested) -> None:
        """Record the evaluation that the promotion service asks for."""
        planned = self.controller.after_request(event.id, data)
        await repository.add_evaluation(tx, planned, event.model_dump(mode="json"))

    async def after_promotion(self, tx: Write, data: ModelPromoted) -> None:
        """Meet this version as `previous` from now on."""
        await repository.record_canonical(tx, str(data.configuration), data.version, data.digest)

    async def ask(
        self, evaluation_id: UUID, configuration: Configuration, model_path: str | None, digest: str | None,
        games: int | None, idempotency_key: str | None, announced: Announced = NOTHING_ANNOUNCED,
    ) -> Standing:  # fmt: skip
        """Record an evaluation that someone asks for; the same Idempotency-Key again finds the first one."""
        if model_path is not None:
            await asyncio.to_thread(resolve_inside, self.models_dir, model_path)
        planned = self.controller.on_request(evaluation_id, configuration, model_path, digest, games, *announced)
        async with self.database.write() as tx:
            found = await repository.add_evaluation(tx, planned, None, idempotency_key)
            evaluation = _known(await repository.evaluation(tx, found), found)
            if not evaluation.asks_for(planned):
                raise KeyReusedError(idempotency_key, f"evaluation {found}")
            return await self._standing(tx, evaluation)

    async def evaluations(
        self, configuration: str | None, state: EvaluationState | None, before: UUID | None, limit: int
    ) -> list[Evaluation]:
        """Evaluations, newest first."""
        async with self.database.read() as tx:
            return await repository.list_evaluations(tx, configuration, state, before, limit)

    async def evaluation(self, evaluation_id: UUID) -> Standing:
        """An evaluation and how far it is. UnknownError if there is none."""
        async with self.database.read() as tx:
            return await self._standing(tx, _known(await repository.evaluation(tx, evaluation_id), evaluation_id))

    async def games(self, evaluation_id: UUID, opponent: str | None, offset: int, limit: int) -> list[PlayedGame]:
        """Recorded games in schedule order. UnknownError if there is no such evaluation."""
        async with self.database.read() as tx:
            _known(await repository.evaluation(tx, evaluation_id), evaluation_id)
            return await repository.page_of_games(tx, evaluation_id, opponent, offset, limit)

    async def finished(self, evaluation_id: UUID) -> Begun:
        """An evaluation with evidence, and every recorded game of it. UnknownError if there is none, NotVerifiableError without
        evidence."""
        async with self.database.read() as tx:
            evaluation = _known(await repository.evaluation(tx, evaluation_id), evaluation_id)
            if evaluation.evidence is None:
                raise NotVerifiableError(
                    f"evaluation {evaluation_id} is {evaluation.state}: it has no evidence to verify"
                )
            return await self._begun(tx, evaluation)

    async def follow(self, evaluation_id: UUID, seen: int) -> AsyncIterator[Standing]:
        """The evaluation at every change after the revision `seen`, until it has ended."""
        async for _ in self.database.changes(PROGRESS_SECONDS):
            async with self.database.read() as tx:
                evaluation = _known(await repository.evaluation(tx, evaluation_id), evaluation_id)
                newer = await self._standing(tx, evaluation) if evaluation.revision > seen else None
            if newer is not None:
                yield newer
            seen = max(evaluation.revision, seen)
            if evaluation.has_ended:
                return

    async def cancel(self, evaluation_id: UUID) -> Standing:
        """End an evaluation without evidence, for an operator. EndedError if it has ended."""
        async with self._locked(evaluation_id) as (tx, evaluation):
            cancelled = evaluation.cancelled()
            await self._save(tx, cancelled)
            return await self._standing(tx, cancelled)

    def changes(self, sweep: float) -> AsyncIterator[None]:
        """Now, whenever something may have changed, and at least every `sweep` seconds."""
        return self.database.changes(sweep)

    async def without_model(self) -> list[Evaluation]:
        """Evaluations whose model is to be taken in."""
        async with self.database.read() as tx:
            return await repository.without_model(tx)

    async def without_policy(self) -> list[Evaluation]:
        """Evaluations whose policy is to be asked for."""
        async with self.database.read() as tx:
            return await repository.without_policy(tx)

    async def taken_in(self, evaluation_id: UUID, artifact: Artifact) -> None:
        """The model's bytes are in the store."""
        async with self._locked(evaluation_id) as (tx, evaluation):
            seed = seed_of(evaluation.configuration, artifact.digest)
            await self._save(tx, evaluation.taken_in(artifact, seed))

    async def ruled_by(self, evaluation_id: UUID, policy: GatePolicy) -> None:
        """The promotion service named the policy."""
        async with self._locked(evaluation_id) as (tx, evaluation):
            await self._save(tx, evaluation.ruled_by(policy))

    async def rejected(self, evaluation_id: UUID, code: FailureCode, reason: str) -> None:
        """The model can never be taken in: the evaluation ends without evidence."""
        async with self._locked(evaluation_id) as (tx, evaluation):
            await self._save(tx, evaluation.rejected(code, reason))

    async def stalled(self, evaluation_id: UUID, trouble: str) -> None:
        """What the evaluation waits for does not come, and why. Wakes nobody: nothing can be done about it here."""
        async with self._locked(evaluation_id, quiet=True) as (tx, evaluation):
            stalled = evaluation.stalled(trouble)
            if stalled is not evaluation:
                await self._save(tx, stalled)

    async def claim(self) -> Claimed | None:
        """Take the next evaluation to be played under a new lease, None if there is none."""
        async with self.database.write(quiet=True) as tx:
            free = await repository.next_claimable(tx, self.lease_seconds)
            if free is None:
                return None
            lease = Lease.new(free.id, self.lease_seconds)
            claimed = free.claimed(lease)
            await self._save(tx, claimed)
        return Claimed(claimed, lease)

    async def begin(self, lease: Lease) -> Begun:
        """An attempt begins; the first one fixes the canonical version that is met, with EVALUATION_STARTED."""
        async with self._held(lease) as (tx, evaluation):
            if evaluation.started_at is None:
                met = await repository.canonical(tx, str(evaluation.configuration))
                evaluation = evaluation.begun(lease, met)
                await self._save(tx, evaluation)
                await self._emit(tx, announcements.started(evaluation), evaluation)
            return await self._begun(tx, evaluation)

    async def keep(self, lease: Lease) -> bool:
        """A heartbeat; False if the lease is lost."""
        async with self.database.write(quiet=True) as tx:
            return await repository.extend(tx, lease)

    async def described(self, lease: Lease, model: ModelMetadata) -> None:
        """The candidate loads, and this is what it says of itself."""
        async with self._held(lease) as (tx, evaluation):
            await self._save(tx, evaluation.described(lease, model))

    async def played(self, lease: Lease, games: Sequence[PlayedGame]) -> None:
        """Record finished games."""
        async with self._held(lease) as (tx, evaluation):
            await self._save(tx, evaluation.progressed(lease))
            await repository.record_games(tx, evaluation.id, games)

    async def completed(self, lease: Lease, cpu_seconds: float) -> None:
        """End the evaluation with evidence made of the recorded games."""
        async with self._held(lease) as (tx, evaluation):
            found = evidence.assemble(evaluation, await repository.results(tx, evaluation.id), cpu_seconds)
            await self._save(tx, evaluation.completed(lease, found))

    async def failed(self, lease: Lease, code: FailureCode, reason: str) -> None:
        """End the evaluation without evidence."""
        async with self._held(lease) as (tx, evaluation):
            await self._save(tx, evaluation.failed(lease, code, reason))

    async def worker_lost(self, lease: Lease, reason: str) -> None:
        """The worker died: back into the queue, or the end if too many did."""
        async with self._held(lease) as (tx, evaluation):
            await self._save(tx, evaluation.worker_lost(lease, reason, self.most_attempts))

    async def released(self, lease: Lease) -> None:
        """Back into the queue, through no fault of the worker."""
        async with self._held(lease) as (tx, evaluation):
            await self._save(tx, evaluation.released(lease, counted=False))

    @asynccontextmanager
    async def _locked(self, evaluation_id: UUID, *, quiet: bool = False) -> AsyncIterator[tuple[Write, Evaluation]]:
        """A transaction on an evaluation, whoever holds it."""
        async with self.database.write(quiet=quiet) as tx:
            yield tx, _known(await repository.locked(tx, evaluation_id), evaluation_id)

    @asynccontextmanager
    async def _held(self, lease: Lease) -> AsyncIterator[tuple[Write, Evaluation]]:
        """A transaction on the evaluation of a lease. LeaseLostError without it."""
        async with self.database.write() as tx:
            evaluation = await repository.held(tx, lease)
            if evaluation is None:
                raise LeaseLostError(f"evaluation {lease.evaluation_id} was taken away or has ended")
            yield tx, evaluation

    async def _candidate(self, tx: Read, evaluation: Evaluation) -> Announced:
        """The network that it was announced with; as its bytes were announced before, where nobody said it this time."""
        said = evaluation.architecture is not None
        return evaluation.announced if said else await repository.announced(tx, evaluation.playable.digest)

    async def _previous(self, tx: Read, evaluation: Evaluation) -> Announced:
        return await repository.announced(tx, evaluation.previous.digest) if evaluation.previous else NOTHING_ANNOUNCED

    async def _begun(self, tx: Read, evaluation: Evaluation) -> Begun:
        played = await repository.played_games(tx, evaluation.id)
        return Begun(evaluation, played, await self._candidate(tx, evaluation), await self._previous(tx, evaluation))

    async def _standing(self, tx: Read, evaluation: Evaluation) -> Standing:
        return evidence.standing(evaluation, await repository.results(tx, evaluation.id))

    async def _save(self, tx: Write, moved: Evaluation) -> None:
        """Write a move; the one into an end with its terminal event."""
        await repository.save(tx, moved)
        if moved.has_ended:
            await self._emit(tx, announcements.ended(moved), moved)

    async def _emit(self, tx: Write, data: EventData, cause: Traced | None) -> None:
        await self.outbox.add(tx, Event.of(data, source=self.source, cause=cause))


def _known(evaluation: Evaluation | None, evaluation_id: UUID) -> Evaluation:
    if evaluation is None:
        raise UnknownError(f"there is no evaluation {evaluation_id}")
    return evaluation
