"""The gauntlet service's use cases. Routes, consumers and the background work call these, and events are emitted here alone.

What an evaluation may do is in evaluation.py, the statements in repository.py; here is what belongs together in one transaction.
Every evaluation ends here, in exactly one terminal event, written in the transaction that ends it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from play.record import PlayedGame
from services.gauntlet import announcements, evidence, repository
from services.gauntlet.announced import NOTHING_ANNOUNCED, Announced
from services.gauntlet.backlog import ahead_of
from services.gauntlet.closing import Closing, closings
from services.gauntlet.cloud_event import CloudEvent
from services.gauntlet.crash_report import CrashReport
from services.gauntlet.errors import NotVerifiableError, UnknownError
from services.gauntlet.evaluation import Evaluation
from services.gauntlet.evidence import Standing
from services.gauntlet.feedback_loop import FeedbackLoopController
from services.gauntlet.game_place import GamePlace
from services.gauntlet.records import Begun
from services.gauntlet.service.journal import Journal, begun, known
from services.gauntlet.service.recognising import seed_for
from services.gauntlet.training import Training
from shared.contract.audit_chain import Actor
from shared.contract.configuration import Configuration
from shared.contract.events import Event
from shared.contract.events.promotion import EvaluationRequested, LedgerRestored, ModelPromoted
from shared.contract.events.trainer import TrainingCompleted
from shared.contract.policy import GatePolicy
from shared.contract.words import EvaluationState, FailureCode, TrainingDoor, TrainingState
from shared.process.logs import get_logger
from shared.process.traces import span
from shared.storage.artifacts import Artifact, require_model
from shared.storage.database import Read, Transactions, Write
from shared.storage.idempotency import KeyReusedError

PROGRESS_SECONDS = 1.0
GLANCE = 10
"""Trainings and failed evaluations that are shown at a glance."""
_log = get_logger(__name__)


class Overview(NamedTuple):
    """Everything at one moment: how many evaluations are open by their state, what was announced last, and what failed last."""

    open: Mapping[str, int]
    trainings: Sequence[Training]
    failed: Sequence[Evaluation]


@dataclass(frozen=True)
class GauntletService:
    """Records and follows evaluations, and ends them for operators. `claim_seconds`: how long a claim lasts without a report."""

    database: Transactions
    journal: Journal
    controller: FeedbackLoopController
    models_dir: Path
    claim_seconds: float

    async def take_training(self, event: CloudEvent, door: TrainingDoor) -> Training:
        """Record what a trainer announced, with its evaluation or with why it is rejected; the same announcement again finds the
        first. EventIdReusedError if its source used its id for something else."""
        training, data = Training.of(event, door)
        about = {"configuration": training.configuration, "evaluation_id": str(training.id)}
        with span("TRAINING_COMPLETED", event.traceparent, "consumer", **about) as taking:
            return await self._take_training(replace(event, traceparent=taking.place), training, data)

    async def _take_training(self, event: CloudEvent, training: Training, data: TrainingCompleted | None) -> Training:
        async with self.database.write() as tx:
            earlier = await repository.add_training(tx, training)
            if earlier is not None and (earlier.repeats(training) or not earlier.fingerprint):
                return earlier
            if earlier is not None:
                earlier.require_replaceable()
                await repository.replace_training(tx, training)
            if data is None:
                await self.journal.emit(tx, announcements.rejected(training), event)
                _log.error("training rejected", configuration=training.configuration, source=training.source,
                           event_id=training.event_id, reason=training.reason)  # fmt: skip
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

    async def overview(self) -> Overview:
        """What is to be seen at a glance."""
        async with self.database.read() as tx:
            return Overview(
                await repository.open_evaluations(tx),
                await repository.list_trainings(tx, None, None, None, None, GLANCE),
                await repository.list_evaluations(tx, None, EvaluationState.FAILED, None, GLANCE),
            )

    async def after_request(self, tx: Write, event: Event, data: EvaluationRequested) -> None:
        """Record the evaluation that the promotion service asks for."""
        planned = self.controller.after_request(event.id, data)
        await repository.add_evaluation(tx, planned, event.model_dump(mode="json"))

    async def after_promotion(self, tx: Write, data: ModelPromoted) -> None:
        """Meet this version as `previous` from now on."""
        await repository.record_canonical(tx, str(data.configuration), data.version, data.digest, data.epoch)

    async def after_restore(self, tx: Write, data: LedgerRestored) -> None:
        """Meet what is canonical in the restored ledger, and nothing that it has not reached."""
        await repository.forget_beyond(tx, data.epoch, {each.configuration: each.version for each in data.heads})
        for each in data.heads:
            await repository.record_canonical(tx, each.configuration, each.version, each.digest, data.epoch)

    async def ask(
        self, evaluation_id: UUID, configuration: Configuration, model_path: str | None, digest: str | None,
        games: int | None, idempotency_key: str | None, announced: Announced = NOTHING_ANNOUNCED,
    ) -> Standing:  # fmt: skip
        """Record an evaluation that someone asks for; the same Idempotency-Key again finds the first one. PathRefusedError,
        ModelMissingError."""
        if model_path is not None:
            await asyncio.to_thread(require_model, self.models_dir, model_path)
        planned = self.controller.on_request(evaluation_id, configuration, model_path, digest, games, *announced)
        async with self.database.write() as tx:
            found = await repository.add_evaluation(tx, planned, None, idempotency_key)
            evaluation = known(await repository.evaluation(tx, found), found)
            if not evaluation.asks_for(planned):
                raise KeyReusedError(idempotency_key, f"evaluation {found}")
            return await self._standing(tx, evaluation)

    async def evaluations(
        self, configuration: str | None, state: EvaluationState | None, before: UUID | None, limit: int,
        request_id: UUID | None = None,
    ) -> list[Evaluation]:  # fmt: skip
        """Evaluations, newest first."""
        async with self.database.read() as tx:
            return await repository.list_evaluations(tx, configuration, state, before, limit, request_id)

    async def evaluation(self, evaluation_id: UUID) -> Standing:
        """An evaluation and how far it is. UnknownError if there is none."""
        async with self.database.read() as tx:
            return await self._standing(tx, known(await repository.evaluation(tx, evaluation_id), evaluation_id))

    async def games(
        self, evaluation_id: UUID, opponent: str | None, after: GamePlace | None, limit: int
    ) -> list[PlayedGame]:
        """Recorded games by opponent, in schedule order. UnknownError if there is no such evaluation."""
        async with self.database.read() as tx:
            known(await repository.evaluation(tx, evaluation_id), evaluation_id)
            return await repository.page_of_games(tx, evaluation_id, opponent, after, limit)

    async def closings(self, evaluation_id: UUID) -> list[Closing]:
        """How the intervals of its win rates closed. UnknownError if there is no such evaluation."""
        async with self.database.read() as tx:
            evaluation = known(await repository.evaluation(tx, evaluation_id), evaluation_id)
            results = await repository.results(tx, evaluation_id)
        return await asyncio.to_thread(closings, results, evaluation.configuration.num_players)

    async def game(self, evaluation_id: UUID, place: GamePlace) -> tuple[Evaluation, PlayedGame]:
        """A recorded game and its evaluation. UnknownError if either is not there."""
        async with self.database.read() as tx:
            evaluation = known(await repository.evaluation(tx, evaluation_id), evaluation_id)
            played = await repository.game_at(tx, evaluation_id, place)
        if played is None:
            raise UnknownError(
                f"evaluation {evaluation_id} has no recorded game {place.place} against {place.opponent}"
            )
        return evaluation, played

    async def crashes(self, evaluation_id: UUID) -> list[CrashReport]:
        """The crash dossiers of an evaluation. UnknownError if there is none such."""
        async with self.database.read() as tx:
            known(await repository.evaluation(tx, evaluation_id), evaluation_id)
            return await repository.crashes_of(tx, evaluation_id)

    async def finished(self, evaluation_id: UUID) -> Begun:
        """An evaluation with evidence, and every recorded game of it. UnknownError if there is none, NotVerifiableError without
        evidence."""
        async with self.database.read() as tx:
            evaluation = known(await repository.evaluation(tx, evaluation_id), evaluation_id)
            if evaluation.evidence is None:
                raise NotVerifiableError(
                    f"evaluation {evaluation_id} is {evaluation.state}: it has no evidence to verify"
                )
            return await begun(tx, evaluation)

    async def follow(self, evaluation_id: UUID, seen: int) -> AsyncIterator[Standing]:
        """The evaluation at every change after the revision `seen`, until it has ended."""
        async for _ in self.database.changes(PROGRESS_SECONDS):
            async with self.database.read() as tx:
                evaluation = known(await repository.evaluation(tx, evaluation_id), evaluation_id)
                newer = await self._standing(tx, evaluation) if evaluation.revision > seen else None
            if newer is not None:
                yield newer
            seen = max(evaluation.revision, seen)
            if evaluation.has_ended:
                return

    async def cancel(self, evaluation_id: UUID, by: Actor | None = None, reason: str | None = None) -> Standing:
        """End an evaluation without evidence, for an operator. EndedError if it has ended."""
        async with self._locked(evaluation_id) as (tx, evaluation):
            cancelled = evaluation.cancelled()
            await self.journal.save(tx, cancelled)
            if by is not None:
                await self.journal.emit(tx, announcements.cancelled_by(cancelled, by, reason), cancelled)
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

    async def refused_models(self) -> list[tuple[UUID, str]]:
        """What was refused on sight lately, and is in no other evaluation."""
        async with self.database.read() as tx:
            return await repository.refused_models(tx)

    async def taken_in(self, evaluation_id: UUID, artifact: Artifact) -> None:
        """The model's bytes are in the store."""
        async with self._locked(evaluation_id) as (tx, evaluation):
            seed = await seed_for(tx, evaluation, artifact.digest)
            await self.journal.save(tx, evaluation.taken_in(artifact, seed))

    async def ruled_by(self, evaluation_id: UUID, policy: GatePolicy) -> None:
        """The promotion service named the policy."""
        async with self._locked(evaluation_id) as (tx, evaluation):
            await self.journal.save(tx, evaluation.ruled_by(policy))

    async def rejected(self, evaluation_id: UUID, code: FailureCode, reason: str) -> None:
        """The model can never be taken in: the evaluation ends without evidence."""
        async with self._locked(evaluation_id) as (tx, evaluation):
            await self.journal.save(tx, evaluation.rejected(code, reason))

    async def stalled(self, evaluation_id: UUID, trouble: str) -> None:
        """What the evaluation waits for does not come, and why. Wakes nobody: nothing can be done about it here."""
        async with self._locked(evaluation_id, quiet=True) as (tx, evaluation):
            stalled = evaluation.stalled(trouble)
            if stalled is not evaluation:
                await self.journal.save(tx, stalled)

    @asynccontextmanager
    async def _locked(self, evaluation_id: UUID, *, quiet: bool = False) -> AsyncIterator[tuple[Write, Evaluation]]:
        """A transaction on an evaluation, whoever holds it."""
        async with self.database.write(quiet=quiet) as tx:
            yield tx, known(await repository.locked(tx, evaluation_id), evaluation_id)

    async def _standing(self, tx: Read, evaluation: Evaluation) -> Standing:
        waits = evaluation.state is EvaluationState.QUEUED
        ahead = ahead_of(evaluation.id, await repository.backlog(tx)) if waits else None
        results = await repository.results(tx, evaluation.id)
        if evaluation.state is not EvaluationState.RUNNING:
            return evidence.standing(evaluation, results, ahead)
        live = [each for each in await repository.claims_of(tx, evaluation.id) if each.is_live(self.claim_seconds)]
        return evidence.standing(evaluation, results, ahead, live, await repository.recordings(tx, evaluation.id))
