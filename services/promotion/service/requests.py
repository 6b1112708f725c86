"""What operators ask for: a promotion, recorded as a request and followed to its end."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from services.promotion import announcements, repository
from services.promotion.act import Act
from services.promotion.disposition import marked_bad, unchanged
from services.promotion.errors import NameDisagreesError, TooFewGamesError
from services.promotion.hold import hold_of
from services.promotion.promotion_request import Closing, PromotionRequest, RequestedPromotion
from services.promotion.service.audit import record
from services.promotion.service.holds import require_movable
from services.promotion.service.ledger import Ledger, known
from services.promotion.service.model_files import ModelFiles
from services.promotion.service.policies import Policies
from services.promotion.versions import CanonicalVersion, require_seen
from shared.contract.audit_chain import Actor
from shared.contract.configuration import named_by
from shared.contract.words import HoldKind, RequestState
from shared.storage.database import Write
from shared.storage.idempotency import KeyReusedError


@dataclass(frozen=True)
class Requests:
    """Opens requests and shows them."""

    ledger: Ledger
    policies: Policies
    models: ModelFiles

    async def ask(self, asked: RequestedPromotion, by: Actor) -> PromotionRequest:
        """Record a request and ask for its evaluation; the same Idempotency-Key again finds the first request. VersionMovedError,
        HeldError, TooFewGamesError."""
        _require_agreement(asked)
        digest = await self.models.digest(asked.model_path)
        async with self.ledger.database.write() as tx:
            await repository.lock_configuration(tx, asked.configuration)
            request_id = await repository.add_request(tx, asked)
            request = known(await repository.request(tx, request_id), f"promotion request {request_id}")
            if not request.asks_for(asked):
                raise KeyReusedError(asked.idempotency_key, f"request {request_id}")
            if request_id != asked.id:
                return request
            head = await repository.head(tx, asked.configuration)
            require_seen(head, asked.seen_version)
            policy = await self.policies.in_force(tx, asked.configuration, asked.games)
            await repository.record_policy(tx, policy)
            await record(tx, by, _act(asked))
            closing = await self._known_end(tx, request, digest, head)
            if closing is not None:
                await repository.close_request(tx, request_id, closing)
                return known(await repository.request(tx, request_id), f"promotion request {request_id}")
            await self._require_enough(tx, asked)
            await self.ledger.emit(tx, announcements.evaluation_for(asked, policy))
        return request

    async def _known_end(
        self, tx: Write, request: PromotionRequest, digest: str, head: CanonicalVersion | None
    ) -> Closing | None:
        """How a request ends whose outcome is known without games; None for any other."""
        if request.dry_run:
            return None
        if head is not None and await repository.same_weights(tx, head.digest, digest):
            why = unchanged(head.version, same_bytes=head.digest == digest)
            return Closing(RequestState.REFUSED, "already_canonical", why)
        await require_movable(tx, request.configuration)
        mark = hold_of(HoldKind.MARK, await repository.holds_on(tx, request.configuration, digest))
        if mark is None or request.is_forced:
            return None
        return Closing(RequestState.REFUSED, "marked_bad", marked_bad(mark))

    async def _require_enough(self, tx: Write, asked: RequestedPromotion) -> None:
        """TooFewGamesError if fewer games than the policy asks for would decide."""
        policy = await self.policies.in_force(tx, asked.configuration)
        if asked.decides and asked.games is not None and asked.games < policy.games:
            raise TooFewGamesError(
                f"{asked.games} games per opponent were asked for, and the policy asks for {policy.games}; fewer are possible "
                'with "dry_run": true'
            )

    async def read(self, request_id: UUID) -> PromotionRequest:
        """A request and what became of it. UnknownError if there is none."""
        async with self.ledger.database.read() as tx:
            return known(await repository.request(tx, request_id), f"promotion request {request_id}")


def _act(asked: RequestedPromotion) -> Act:
    """What was asked for, for the audit."""
    subject = {"request_id": str(asked.id), "model_path": asked.model_path, "games": asked.games}
    dry_run = {"dry_run": "true"} if asked.dry_run else {}
    return Act(asked.configuration, "force" if asked.kind == "forced" else "ask", asked.why, {**subject, **dry_run})


def _require_agreement(asked: RequestedPromotion) -> None:
    named = named_by(asked.model_path)
    if named not in (None, asked.configuration):
        raise NameDisagreesError(
            f"{asked.model_path} is called the canonical file of {named}, and is to become {asked.configuration}"
        )
