"""The gauntlet's use cases: evaluations from being asked for to the one event that they end with.

Routes, consumers and the runner call these, and events are emitted here alone, each in the transaction that makes it true.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from play.record import PlayedGame
from services.gauntlet import evidence, repository
from services.gauntlet.errors import EndedError, LeaseLostError, UnknownError
from services.gauntlet.evaluation import Claimed, Evaluation, Lease
from services.gauntlet.feedback_loop import FeedbackLoopController, PlannedEvaluation, seed_of
from shared.contract.configuration import Configuration
from shared.contract.events import Event, EventData
from shared.contract.events.gauntlet import EvaluationCompleted, EvaluationFailed, EvaluationStarted
from shared.contract.evidence import Evidence, ModelMetadata
from shared.contract.policy import GatePolicy
from shared.contract.words import LONGEST_REASON, FailureCode
from shared.messaging.outbox import Outbox
from shared.storage.artifacts import Artifact
from shared.storage.database import Database, Read, Write
from shared.storage.idempotency import KeyReusedError


@dataclass(frozen=True)
class Detailed:
    """An evaluation with the evidence that its recorded games amount to so far; none before its policy is known."""

    evaluation: Evaluation
    evidence: Evidence | None


@dataclass(frozen=True)
class GauntletService:
    """Evaluations. `source` is the source of its events."""

    database: Database
    outbox: Outbox
    controller: FeedbackLoopController
    source: str

    async def record(self, tx: Write, event: Event, planned: PlannedEvaluation) -> None:
        """Record the evaluation that an event asks for."""
        await repository.add_evaluation(tx, planned, event.model_dump(mode="json"))

    async def record_canonical(self, tx: Write, configuration: str, version: int, digest: str) -> None:
        """Meet this version as `previous` from now on."""
        await repository.record_canonical(tx, configuration, version, digest)

    async def ask(
        self, configuration: Configuration, model_path: str | None, digest: str | None, games: int | None, key: str | None
    ) -> Detailed:  # fmt: skip
        """Record an evaluation that somebody asks for; the same Idempotency-Key again finds the first one."""
        planned = self.controller.on_request(uuid4(), configuration, model_path, digest, games)
        async with self.database.write() as tx:
            evaluation_id = await repository.add_evaluation(tx, planned, None, key)
            evaluation = _known(await repository.evaluation(tx, evaluation_id), evaluation_id)
            first = (evaluation.configuration, evaluation.model_path, evaluation.announced_digest, evaluation.games)
            if first != (configuration, model_path, digest, games):
                raise KeyReusedError(key, f"evaluation {evaluation_id}")
            return await self._detailed(tx, evaluation)

    async def details(self, evaluation_id: UUID) -> Detailed:
        """One evaluation and how far it is. UnknownError if there is none."""
        async with self.database.read() as tx:
            return await self._detailed(tx, _known(await repository.evaluation(tx, evaluation_id), evaluation_id))

    async def require(self, evaluation_id: UUID) -> Evaluation:
        """One evaluation as it is recorded. UnknownError if there is none."""
        async with self.database.read() as tx:
            return _known(await repository.evaluation(tx, evaluation_id), evaluation_id)

    async def cancel(self, evaluation_id: UUID) -> Detailed:
        """End an evaluation without evidence. EndedError if it has ended already."""
        async with self.database.write() as tx:
            evaluation = _known(await repository.evaluation(tx, evaluation_id), evaluation_id)
            if not await self._fail(tx, evaluation_id, None, "cancelled", "cancelled by an operator"):
                raise EndedError(f"the evaluation has already ended: it is {evaluation.state}")
            return await self._detailed(tx, _known(await repository.evaluation(tx, evaluation_id), evaluation_id))

    def changes(self, seconds: float) -> AsyncIterator[None]:
        """Yield after each commit of this process, and at least every `seconds`."""
        return self.database.changes(seconds)

    async def received(self) -> list[Evaluation]:
        """Evaluations that are not ready to be played yet, oldest first."""
        async with self.database.read() as tx:
            return await repository.received(tx)

    async def wait_for(self, evaluation_id: UUID, what: str) -> None:
        """Say what an evaluation waits for."""
        async with self.database.write(quiet=True) as tx:
            await repository.wait_for(tx, evaluation_id, what[:LONGEST_REASON])

    async def take_in(self, evaluation: Evaluation, artifact: Artifact, policy: GatePolicy) -> None:
        """The model is in the artifact store and the policy is known: the evaluation can be played."""
        seed = seed_of(evaluation.configuration, artifact.digest)
        async with self.database.write() as tx:
            await repository.take_in(tx, evaluation.id, artifact, seed, policy)

    async def refuse(self, evaluation_id: UUID, code: FailureCode, reason: str) -> None:
        """End an evaluation whose model cannot be taken in."""
        async with self.database.write() as tx:
            await self._fail(tx, evaluation_id, None, code, reason)

    async def claim(self, lease_seconds: float) -> Claimed | None:
        """Take the oldest evaluation that waits, under a new lease; None if none does."""
        async with self.database.write(quiet=True) as tx:
            return await repository.claim(tx, Lease.new_owner(), lease_seconds)

    async def begin(self, claimed: Claimed) -> tuple[Evaluation, list[PlayedGame]]:
        """An attempt starts: the evaluation as it is to be played, and the games that earlier attempts recorded."""
        evaluation, lease = claimed
        async with self.database.write() as tx:
            if not evaluation.has_started:
                previous = await repository.canonical(tx, str(evaluation.configuration))
                await repository.begin(tx, lease, previous)
                assert evaluation.digest is not None  # only queued evaluations are claimed
                started = EvaluationStarted(digest=evaluation.digest, **_identity(evaluation))
                await self._emit(tx, evaluation, started)
                evaluation = _known(await repository.evaluation(tx, evaluation.id), evaluation.id)
            return evaluation, await repository.played_games(tx, evaluation.id)

    async def extend(self, lease: Lease) -> bool:
        """The worker is alive; False if the lease is lost."""
        async with self.database.write(quiet=True) as tx:
            return await repository.extend_lease(tx, lease)

    async def record_model(self, lease: Lease, model: ModelMetadata) -> None:
        """What the checkpoint says of itself. LeaseLostError."""
        async with self.database.write() as tx:
            _require(await repository.record_model(tx, lease, model))

    async def record_games(self, lease: Lease, games: list[PlayedGame]) -> None:
        """Finished games. LeaseLostError."""
        async with self.database.write() as tx:
            _require(await repository.record_games(tx, lease, games))

    async def complete(self, lease: Lease, cpu_seconds: float) -> None:
        """End with EVALUATION_COMPLETED, its evidence made of the recorded games. LeaseLostError."""
        async with self.database.write() as tx:
            evaluation = await repository.lock_open(tx, lease.evaluation_id)
            _require(evaluation is not None)
            assert evaluation is not None
            found = await self._evidence(tx, evaluation, cpu_seconds)
            assert found is not None
            _require(await repository.complete(tx, lease, found))
            await self._emit(tx, evaluation, _completed(evaluation, found))

    async def fail(self, lease: Lease, code: FailureCode, reason: str) -> None:
        """End with EVALUATION_FAILED. LeaseLostError."""
        async with self.database.write() as tx:
            _require(await self._fail(tx, lease.evaluation_id, lease, code, reason))

    async def worker_lost(self, lease: Lease, attempts: int, reason: str) -> None:
        """The worker died: another one tries, unless as many as `attempts` have ended so in a row."""
        async with self.database.write() as tx:
            now = await repository.lock_open(tx, lease.evaluation_id)
            if now is not None and now.is_last_attempt(attempts):
                await self._fail(tx, lease.evaluation_id, lease, "worker_lost", reason)
            else:
                await repository.release(tx, lease, counted=True)

    async def give_back(self, lease: Lease) -> None:
        """Put an evaluation back into the queue; the attempt does not count."""
        async with self.database.write() as tx:
            await repository.release(tx, lease, counted=False)

    async def _fail(self, tx: Write, evaluation_id: UUID, lease: Lease | None, code: FailureCode, reason: str) -> bool:
        """End with EVALUATION_FAILED; False if it has ended already, or the lease is lost."""
        evaluation = await repository.lock_open(tx, evaluation_id)
        reason = reason[:LONGEST_REASON]
        if evaluation is None or not await repository.fail(tx, evaluation_id, lease, code, reason):
            return False
        data = EvaluationFailed(
            code=code, reason=reason, digest=evaluation.digest or evaluation.announced_digest,
            model_path=evaluation.model_path, **_identity(evaluation),
        )  # fmt: skip
        await self._emit(tx, evaluation, data)
        return True

    async def _detailed(self, tx: Read, evaluation: Evaluation) -> Detailed:
        return Detailed(evaluation, await self._evidence(tx, evaluation, cpu_seconds=0))

    async def _evidence(self, tx: Read, evaluation: Evaluation, cpu_seconds: float) -> Evidence | None:
        if evaluation.policy is None:
            return None
        started = evaluation.started_at or datetime.now(UTC)
        return evidence.assemble(
            await repository.results(tx, evaluation.id),
            num_players=evaluation.configuration.num_players,
            seed=evaluation.seed or 0,
            gates=evaluation.policy,
            play=evaluation.play,
            skipped=evaluation.skip_games,
            previous=evaluation.previous,
            duration_seconds=max((datetime.now(UTC) - started).total_seconds(), 0.0),
            cpu_seconds=cpu_seconds,
        )

    async def _emit(self, tx: Write, evaluation: Evaluation, data: EventData) -> None:
        cause = Event.model_validate(evaluation.cause) if evaluation.cause else None
        await self.outbox.add(tx, Event.of(data, source=self.source, cause=cause))


def _completed(evaluation: Evaluation, found: Evidence) -> EvaluationCompleted:
    # strict models read times from JSON only
    model = ModelMetadata.model_validate_json(json.dumps(evaluation.model))
    assert evaluation.digest is not None
    assert evaluation.size is not None
    return EvaluationCompleted(
        digest=evaluation.digest, size=evaluation.size, model=model, evidence=found, **_identity(evaluation)
    )


def _identity(evaluation: Evaluation) -> dict[str, Any]:
    return {
        "board_type": evaluation.configuration.board_type,
        "num_players": evaluation.configuration.num_players,
        "evaluation_id": evaluation.id,
        "request_id": evaluation.request_id,
    }


def _known(evaluation: Evaluation | None, evaluation_id: UUID) -> Evaluation:
    if evaluation is None:
        raise UnknownError(f"there is no evaluation {evaluation_id}")
    return evaluation


def _require(written: bool) -> None:
    if not written:
        raise LeaseLostError
