"""The promotion service's use cases. Routes and consumers call these, and events are emitted here alone.

The rules of judging are in controller.py and disposition.py, the statements in repository.py; here is what belongs together in one
transaction.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from uuid import UUID, uuid4

from services.promotion import announcements, repository
from services.promotion.controller import Decision, PromotionController
from services.promotion.disposition import Outcome, dispose
from services.promotion.distribution_client import DistributionClient
from services.promotion.errors import (
    AlreadyCanonicalError,
    BytesMissingError,
    NeverCanonicalError,
    NotCanonicalError,
    UnknownError,
    VersionMovedError,
)
from services.promotion.promotion_request import PromotionRequest, RequestedPromotion
from services.promotion.settings import PromotionSettings
from services.promotion.versions import CanonicalVersion, NextVersion
from shared.contract.events import Event, EventData, RejectedError
from shared.contract.events.gauntlet import EvaluationCompleted, EvaluationFailed
from shared.contract.policy import GatePolicy
from shared.messaging.outbox import Outbox
from shared.process.logs import get_logger
from shared.storage.artifacts import ArtifactStore, open_model, resolve_inside
from shared.storage.database import Database, Write
from shared.storage.files import digest_of
from shared.storage.idempotency import KeyReusedError

_log = get_logger(__name__)
Row = TypeVar("Row")
ASKED = "delivery to every node was asked for"
BROUGHT = "the ledger's feed brings it to the distribution service, and that to every node"


@dataclass(frozen=True)
class Judged:
    """A recorded decision, with what it was made on. `request` is the operator's, None for a trainer's candidate."""

    event: Event
    data: EvaluationCompleted
    head: CanonicalVersion | None
    request: PromotionRequest | None
    decision_id: UUID
    outcome: Outcome


@dataclass(frozen=True)
class PromotionService:
    """Judges evaluations, keeps the ledger, and answers operators. `source` is the source of its events."""

    settings: PromotionSettings
    database: Database
    outbox: Outbox
    store: ArtifactStore
    distribution: DistributionClient
    source: str

    async def ask_for_promotion(self, asked: RequestedPromotion) -> PromotionRequest:
        """Record a request and ask for its evaluation; the same Idempotency-Key again finds the first request."""
        await self._model_file(asked.model_path)
        policy = self.settings.policy(asked.games)
        async with self.database.write() as tx:
            request_id = await repository.add_request(tx, asked)
            request = _found(await repository.request(tx, request_id), f"promotion request {request_id}")
            if not request.asks_for(asked):
                raise KeyReusedError(asked.idempotency_key, f"request {request_id}")
            if request_id == asked.id:
                await repository.record_policy(tx, policy)
                await self._emit(tx, announcements.evaluation_for(asked, policy))
        return request

    async def issue_policy(self, games: int | None) -> GatePolicy:
        """The gate policy in force, with another number of games if given; remembered under its name."""
        policy = self.settings.policy(games)
        async with self.database.write(quiet=True) as tx:
            await repository.record_policy(tx, policy)
        return policy

    async def judge(self, tx: Write, event: Event, data: EvaluationCompleted) -> None:
        """Decide on an evaluation, and promote, refuse, or ask for another one. RejectedError if it was judged before."""
        configuration = str(data.configuration)
        await repository.lock_configuration(tx, configuration)
        request = await self._request_of(tx, data)
        if not await repository.record_evaluation(tx, data):
            raise RejectedError(f"evaluation {data.evaluation_id} was judged already; its end is reported once")
        head = await repository.head(tx, configuration)
        controller = self._controller(request)
        reference = head.reference if head else None
        decision = controller.decide(data.digest, data.num_players, data.evidence, reference)
        lacking = await self._lacking(data)
        outcome = dispose(decision, request, auto_promote=self.settings.auto_promote, lacking=lacking)
        decision_id = await repository.record_decision(
            tx, configuration, data.digest, decision, outcome, controller, head, data.evaluation_id
        )
        await self._carry_out(tx, Judged(event, data, head, request, decision_id, outcome), decision)
        _log.info(
            "decided", configuration=configuration, digest=data.digest, verdict=decision.verdict,
            disposition=outcome.disposition, code=outcome.code, reasons=list(outcome.reasons),
        )  # fmt: skip

    async def evaluation_failed(self, tx: Write, data: EvaluationFailed) -> None:
        """End the request that waited for the evaluation, if there is one."""
        request = await self._request_of(tx, data)
        if request is not None:
            await repository.close_request(tx, request.id, request.ended_without_evidence(data.code, data.reason))

    async def distribute(self, model_path: str, *, force: bool) -> tuple[CanonicalVersion, str]:
        """Have a canonical file delivered again; with `force`, make the earlier version with its bytes canonical again. Returns
        what is canonical, and in words how it gets to the nodes."""
        path = await self._model_file(model_path)
        digest = await asyncio.to_thread(digest_of, path)
        async with self.database.write() as tx:
            found = await repository.version_of(tx, digest)
            if found is None:
                raise NeverCanonicalError(digest)
            await repository.lock_configuration(tx, found.configuration)
            head = _canonical(await repository.head(tx, found.configuration), found.configuration)
            moved = head.digest != digest
            if moved and not force:
                detail = (
                    f"{model_path} is version {found.version} of {found.configuration}; canonical is {head.version}"
                )
                raise NotCanonicalError(f'{detail}; add "force": true to make it canonical again')
            if moved:
                head = await self._roll_back(tx, head, found, f"restored from {model_path}")
        known = not moved and await self.distribution.distribute(head.configuration, head.version, digest)
        return head, ASKED if known else BROUGHT

    async def roll_back(
        self, configuration: str, to_version: int, reason: str, seen_version: str | None
    ) -> CanonicalVersion:
        """Make an earlier version's bytes canonical again, as a new and higher version. `seen_version`: where the caller saw the
        pointer, None if that does not matter."""
        async with self.database.write() as tx:
            await repository.lock_configuration(tx, configuration)
            head = _canonical(await repository.head(tx, configuration), configuration)
            if seen_version is not None and seen_version != str(head.version):
                raise VersionMovedError(f'canonical is version {head.version}, not "{seen_version}"')
            wanted = await repository.version(tx, configuration, to_version)
            if wanted is None:
                raise UnknownError(f"{configuration} has no version {to_version}; the newest is {head.version}")
            if wanted.digest == head.digest:
                raise AlreadyCanonicalError(f"version {head.version} already has the bytes of {to_version}")
            return await self._roll_back(tx, head, wanted, reason)

    async def heads(self) -> list[CanonicalVersion]:
        """The canonical version of every configuration that has one."""
        async with self.database.read() as tx:
            return await repository.heads(tx)

    async def canonical(self, configuration: str) -> CanonicalVersion:
        """The canonical version of a configuration. UnknownError if there is none yet."""
        async with self.database.read() as tx:
            return _canonical(await repository.head(tx, configuration), configuration)

    async def request(self, request_id: UUID) -> PromotionRequest:
        """A request and what became of it. UnknownError if there is none."""
        async with self.database.read() as tx:
            return _found(await repository.request(tx, request_id), f"promotion request {request_id}")

    async def decision(self, decision_id: UUID) -> repository.DecisionRow:
        """A decision with its evidence. UnknownError if there is none."""
        async with self.database.read() as tx:
            return _found(await repository.decision(tx, decision_id), f"decision {decision_id}")

    async def _model_file(self, name: str) -> Path:
        path = await asyncio.to_thread(resolve_inside, self.settings.models_dir, name)
        (await asyncio.to_thread(open_model, path, name)).close()
        return path

    async def _lacking(self, data: EvaluationCompleted) -> int:
        """How many bytes of the candidate the artifact store does not hold: all of them, or none."""
        artifact = await asyncio.to_thread(self.store.find, data.digest)
        return 0 if artifact is not None and artifact.size == data.size else data.size

    async def _request_of(self, tx: Write, data: EvaluationCompleted | EvaluationFailed) -> PromotionRequest | None:
        request = await repository.request(tx, data.request_id) if data.request_id else None
        if request is not None and request.configuration != str(data.configuration):
            raise RejectedError(f"request {request.id} is for {request.configuration}, not for {data.configuration}")
        return request

    def _controller(self, request: PromotionRequest | None) -> PromotionController:
        policy = self.settings.policy(request.games if request else None)
        forced = request is not None and request.is_forced
        return PromotionController(policy, may_skip=forced or policy.skip_games)

    async def _carry_out(self, tx: Write, judged: Judged, decision: Decision) -> None:
        request, outcome = judged.request, judged.outcome
        if outcome.disposition == "promoted":
            await self._promote(tx, judged)
        else:
            said = announcements.not_promoted(judged.data, judged.decision_id, decision, outcome)
            await self._emit(tx, said, judged.event)
        if outcome.code == "evaluated_again":
            await self._evaluate_again(tx, judged)
        if request is not None:
            reason = "; ".join(outcome.reasons)
            closing = request.ended_by(outcome.disposition, outcome.code, reason, judged.decision_id)
            await repository.close_request(tx, request.id, closing)

    async def _promote(self, tx: Write, judged: Judged) -> None:
        data, request, head = judged.data, judged.request, judged.head
        to = NextVersion(
            str(data.configuration), head.version + 1 if head else 1, data.digest, judged.decision_id,
            request.kind if request else "automatic", "; ".join(judged.outcome.reasons),
        )  # fmt: skip
        await self._move_pointer(tx, to, data.size, head, judged.outcome, judged.event)

    async def _move_pointer(
        self, tx: Write, to: NextVersion, size: int, head: CanonicalVersion | None, outcome: Outcome, cause: Event | None
    ) -> None:  # fmt: skip
        """Append the next canonical version and emit MODEL_PROMOTED. The caller holds the configuration's lock."""
        await repository.append_version(tx, to, self.source)
        detail = {"configuration": to.configuration, "version": to.version, "digest": to.digest, "kind": to.kind}
        await repository.record_audit(tx, self.source, "promote", detail)
        await self._emit(tx, announcements.promoted(to, size, head, outcome), cause)

    async def _roll_back(
        self, tx: Write, head: CanonicalVersion, to: CanonicalVersion, reason: str
    ) -> CanonicalVersion:
        """A forward move of the pointer, to a new and higher version that names older bytes."""
        if await asyncio.to_thread(self.store.find, to.digest) is None:
            raise BytesMissingError(f"the artifact store lacks the bytes of version {to.version}, {to.digest}")
        why = f"rollback to the bytes of version {to.version}: {reason}"
        decision = Decision("passed", "rolled_back", (why,))
        outcome = Outcome("promoted", decision.code, decision.reasons)
        decision_id = await repository.record_decision(
            tx, to.configuration, to.digest, decision, outcome, self._controller(None), head, evaluation_id=None
        )
        following = NextVersion(to.configuration, head.version + 1, to.digest, decision_id, "rollback", why)
        await self._move_pointer(tx, following, to.size, head, outcome, None)
        return _canonical(await repository.head(tx, to.configuration), to.configuration)

    async def _evaluate_again(self, tx: Write, judged: Judged) -> None:
        data, games = judged.data, judged.request.games if judged.request else None
        policy = self.settings.policy(games)
        again = announcements.evaluation_again(data, data.request_id or uuid4(), games, policy)
        await self._emit(tx, again, judged.event)

    async def _emit(self, tx: Write, data: EventData, cause: Event | None = None) -> None:
        await self.outbox.add(tx, Event.of(data, source=self.source, cause=cause))


def _found(row: Row | None, what: str) -> Row:
    if row is None:
        raise UnknownError(f"there is no {what}")
    return row


def _canonical(head: CanonicalVersion | None, configuration: str) -> CanonicalVersion:
    if head is None:
        raise UnknownError(f"{configuration} has no canonical version yet")
    return head
