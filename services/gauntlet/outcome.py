"""What the gauntlet tells the suite of an evaluation: that it started, and the one event it ends with.

Each is written in the transaction that makes it true.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement

from services.gauntlet import evidence, repository
from services.gauntlet.repository import Evaluation
from shared.contract.configuration import Configuration
from shared.contract.events import EvaluationCompleted, EvaluationFailed, EvaluationStarted, Event, EventData
from shared.contract.evidence import CanonicalReference, Evidence, GatePolicy, ModelMetadata, PlayPolicy
from shared.messaging.outbox import Outbox
from shared.storage.database import Read, Write

LONGEST_REASON = 2000


@dataclass(frozen=True)
class Announcer:
    """Ends evaluations and writes their events."""

    outbox: Outbox
    source: str

    async def started(self, tx: Write, evaluation: Evaluation) -> None:
        """EVALUATION_STARTED, with the first attempt."""
        await self._emit(tx, evaluation, EvaluationStarted(digest=evaluation.digest, **_identity(evaluation)))

    async def completed(self, tx: Write, evaluation_id: UUID, owned: ColumnElement[bool], cpu_seconds: float) -> bool:
        """End with EVALUATION_COMPLETED, its evidence made of the recorded games; False without the lease."""
        evaluation = await repository.lock_open(tx, evaluation_id)
        if evaluation is None:
            return False
        found = await evidence_of(tx, evaluation, cpu_seconds)
        if not await repository.complete(tx, owned, found):
            return False
        # strict models read times from JSON only
        model = ModelMetadata.model_validate_json(json.dumps(evaluation.model))
        data = EvaluationCompleted(
            digest=evaluation.digest, size=evaluation.size, model=model, evidence=found, **_identity(evaluation)
        )
        await self._emit(tx, evaluation, data)
        return True

    async def failed(
        self, tx: Write, evaluation_id: UUID, code: Any, reason: str, owned: ColumnElement[bool] | None = None
    ) -> bool:
        """End with EVALUATION_FAILED; False if it has ended already, or the lease is lost."""
        evaluation = await repository.lock_open(tx, evaluation_id)
        which = repository.this(evaluation_id) if owned is None else owned
        if evaluation is None or not await repository.fail(tx, which, code, reason[:LONGEST_REASON]):
            return False
        data = EvaluationFailed(
            code=code, reason=reason[:LONGEST_REASON], digest=evaluation.digest or evaluation.announced_digest,
            model_path=evaluation.model_path, **_identity(evaluation),
        )  # fmt: skip
        await self._emit(tx, evaluation, data)
        return True

    async def _emit(self, tx: Write, evaluation: Evaluation, data: EventData) -> None:
        cause = Event.model_validate(evaluation.cause) if evaluation.cause else None
        await self.outbox.add(tx, Event.of(data, source=self.source, cause=cause))


async def evidence_of(tx: Read, evaluation: Evaluation, cpu_seconds: float) -> Evidence:
    """The evidence that an evaluation's recorded games amount to so far."""
    started = evaluation.started_at or datetime.now(UTC)
    return evidence.assemble(
        await repository.results(tx, evaluation.id),
        num_players=Configuration.parse(evaluation.configuration).num_players,
        seed=evaluation.seed or 0,
        gates=GatePolicy.model_validate(evaluation.gates),
        play=PlayPolicy.model_validate(evaluation.play),
        skipped=evaluation.skip_games,
        previous=previous_of(evaluation),
        duration_seconds=max((datetime.now(UTC) - started).total_seconds(), 0.0),
        cpu_seconds=cpu_seconds,
    )


def previous_of(evaluation: Evaluation) -> CanonicalReference | None:
    """The canonical version that an evaluation meets, fixed when it started."""
    if evaluation.previous_version is None:
        return None
    return CanonicalReference(version=evaluation.previous_version, digest=evaluation.previous_digest)


def _identity(evaluation: Evaluation) -> dict[str, Any]:
    configuration = Configuration.parse(evaluation.configuration)
    return {
        "board_type": configuration.board_type,
        "num_players": configuration.num_players,
        "evaluation_id": evaluation.id,
        "request_id": evaluation.request_id,
    }
