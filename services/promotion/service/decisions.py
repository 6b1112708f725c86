"""Decisions as people look at them, and what they say to those that wait for a word: approve, reject."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from uuid import UUID, uuid4

from services.promotion import announcements, repository
from services.promotion.act import Act
from services.promotion.approval import Approval, ApprovalEnd
from services.promotion.controller import Decision, PromotionController
from services.promotion.disposition import Outcome, marked_bad, unchanged
from services.promotion.errors import AlreadyCanonicalError, BytesMissingError, EvidenceStaleError, HeldError
from services.promotion.hold import PlacedHold, hold_of
from services.promotion.repository import DecisionRow
from services.promotion.service.audit import record
from services.promotion.service.holds import Holds, require_movable
from services.promotion.service.ledger import Ledger, canonical, known
from services.promotion.service.policies import Policies
from services.promotion.versions import CanonicalVersion, NextVersion, require_seen
from shared.contract.audit_chain import Actor
from shared.contract.configuration import Configuration, has_heuristic
from shared.contract.evidence import CanonicalReference, Evidence
from shared.contract.policy import GatePolicy
from shared.contract.words import LONGEST_PERSONS_REASON, ApprovalState, AuditAction, HoldKind
from shared.process.logs import get_logger
from shared.storage.artifacts import ArtifactStore
from shared.storage.database import Write

SWEEP_SECONDS = 5.0
"""Between two looks for what waits beyond its deadline."""
AT_ONCE = 100
"""As many of those as are ended in one go."""
_log = get_logger(__name__)


@dataclass(frozen=True)
class Decisions:
    """Shows decisions, and takes people's word on them."""

    ledger: Ledger
    policies: Policies
    holds: Holds
    store: ArtifactStore

    async def read(self, decision_id: UUID) -> DecisionRow:
        """A decision with its evidence. UnknownError if there is none."""
        async with self.ledger.database.read() as tx:
            return known(await repository.decision(tx, decision_id), f"decision {decision_id}")

    async def page(self, configuration: str | None, before: UUID | None, limit: int) -> list[DecisionRow]:
        """Decisions, newest first."""
        async with self.ledger.database.read() as tx:
            return await repository.decisions(tx, configuration, limit, before)

    async def of_evaluation(self, evaluation_id: UUID) -> list[DecisionRow]:
        """What was decided on the evidence of an evaluation, newest first."""
        async with self.ledger.database.read() as tx:
            return await repository.decisions_of(tx, evaluation_id)

    async def approval(self, decision_id: UUID) -> Approval | None:
        """Whether a decision's candidate waits, or waited, for a person; None if it never did."""
        async with self.ledger.database.read() as tx:
            return await repository.approval(tx, decision_id)

    async def approvals(
        self, configuration: str | None, state: ApprovalState | None, before: UUID | None, limit: int
    ) -> list[Approval]:
        """Candidates that wait or waited for a person, newest first."""
        async with self.ledger.database.read() as tx:
            return await repository.list_approvals(tx, configuration, state, before, limit)

    async def approve(self, decision_id: UUID, by: Actor, reason: str, seen: int | None) -> CanonicalVersion:
        """Promote a candidate that waits. EvidenceStaleError, and it is evaluated again, if its evidence answers another question
        than the present one. UnknownError, NotAwaitingError, VersionMovedError, HeldError, AlreadyCanonicalError,
        BytesMissingError.
        """
        async with self.ledger.database.write() as tx:
            row, waiting = await self._waiting(tx, decision_id)
            head = await repository.head(tx, row.configuration)
            approved = waiting.ended(ApprovalState.APPROVED, by.name, reason)
            require_seen(head, seen)
            size = await self._require_promotable(tx, row, head)
            policy = await self.policies.in_force(tx, row.configuration, row.policy.get("games"))
            controller = PromotionController(policy, may_skip=row.may_skip)
            evidence = Evidence.model_validate(row.evidence)
            decision = _decided(controller, row, evidence, head.reference if head else None)
            if decision.verdict == "passed":
                await self._end(tx, row, approved, by, "approve", reason)
                return await self._promote(tx, row, head, controller, decision, size, by, reason)
            await self._evaluate_again(tx, row, waiting, by, decision, reason)
        raise EvidenceStaleError(f"{'; '.join(decision.reasons)}; what that finds waits for a word anew")

    async def reject(self, decision_id: UUID, by: Actor, reason: str) -> Approval:
        """Refuse a candidate that waits, and mark its bytes as bad. UnknownError, NotAwaitingError."""
        async with self.ledger.database.write() as tx:
            row, waiting = await self._waiting(tx, decision_id)
            await self._end(tx, row, waiting.ended(ApprovalState.REJECTED, by.name, reason), by, "reject", reason)
            mark = PlacedHold(
                configuration=row.configuration, kind=HoldKind.MARK, digest=row.digest, placed_by=by.name,
                reason=f"rejected: {reason}"[:LONGEST_PERSONS_REASON],
            )  # fmt: skip
            await self.holds.place_in(tx, mark, by)
            present = await repository.present(tx, row.configuration, row.digest, row.policy_id or "")
            said = announcements.rejected(row, by.name, reason)
            await self.ledger.learn(tx, present, "rejected", row.id, None, said)
            return known(await repository.approval(tx, decision_id), f"approval of {decision_id}")

    async def expire(self) -> int:
        """End what waits beyond its deadline, and say so; returns how many."""
        async with self.ledger.database.read() as tx:
            overdue = await repository.overdue_approvals(tx, AT_ONCE)
        for decision_id in overdue:
            async with self.ledger.database.write() as tx:
                row, waiting = await self._waiting(tx, decision_id)
                if waiting.is_overdue:
                    end = waiting.expired(self.ledger.source)
                    await repository.end_approval(tx, end)
                    await self.ledger.emit(tx, announcements.expired(row, end.reason))
                    about = {"configuration": row.configuration, "digest": row.digest}
                    _log.warning("approval expired", **about, decision_id=str(row.id), reason=end.reason)
        return len(overdue)

    async def follow(self) -> None:
        """End what waits beyond its deadline, every few seconds, for ever."""
        while True:
            while await self.expire() == AT_ONCE:
                pass
            await asyncio.sleep(SWEEP_SECONDS)

    async def rejudge(self, decision_id: UUID, gates: GatePolicy | None) -> tuple[Decision, GatePolicy]:
        """What a decision's evidence would say under another policy, None for the one in force. Nothing follows from it.
        UnknownError, also for a decision without evidence."""
        async with self.ledger.database.read() as tx:
            row = known(await repository.decision(tx, decision_id), f"decision {decision_id}")
            evidence = known(row.evidence, f"evidence of decision {decision_id}: {row.code}")
            policy = gates or await self.policies.in_force(tx, row.configuration)
        played = Evidence.model_validate(evidence)
        supposed = played.model_copy(update={"gates": policy, "policy_id": policy.id})
        return _decided(PromotionController(policy, row.may_skip), row, supposed, played.previous), policy

    async def _end(
        self, tx: Write, row: DecisionRow, end: ApprovalEnd, by: Actor, action: AuditAction, reason: str
    ) -> None:
        """The approval ends by a person's word; `state` says whether it came in time."""
        await repository.end_approval(tx, end)
        subject = {"decision_id": str(row.id), "digest": row.digest, "state": end.state.value}
        await record(tx, by, Act(row.configuration, action, reason, subject))

    async def _waiting(self, tx: Write, decision_id: UUID) -> tuple[DecisionRow, Approval]:
        """A decision and its approval, locked with their configuration."""
        row = known(await repository.decision(tx, decision_id), f"decision {decision_id}")
        await repository.lock_configuration(tx, row.configuration)
        waiting = await repository.approval(tx, decision_id)
        return row, known(waiting, f"approval of decision {decision_id}: it is {row.disposition}, {row.code}")

    async def _require_promotable(self, tx: Write, row: DecisionRow, head: CanonicalVersion | None) -> int:
        """The size of the candidate's bytes, if nothing but the games stands in the way."""
        if head is not None and await repository.same_weights(tx, head.digest, row.digest):
            raise AlreadyCanonicalError(unchanged(head.version, same_bytes=head.digest == row.digest))
        await require_movable(tx, row.configuration)
        mark = hold_of(HoldKind.MARK, await repository.holds_on(tx, row.configuration, row.digest))
        if mark is not None:
            raise HeldError(marked_bad(mark))
        artifact = await asyncio.to_thread(self.store.find, row.digest)
        if artifact is None:
            raise BytesMissingError(f"the artifact store lacks the bytes of {row.digest}; announce the model again")
        return artifact.size

    async def _promote(
        self, tx: Write, row: DecisionRow, head: CanonicalVersion | None, controller: PromotionController,
        decision: Decision, size: int, by: Actor, reason: str,
    ) -> CanonicalVersion:  # fmt: skip
        outcome = Outcome("promoted", "approved", decision.reasons, f"approved by {by.name}: {reason}")
        await repository.record_policy(tx, controller.policy)
        decision_id = uuid4()
        decided = repository.decided(
            decision_id, row.configuration, row.digest, decision, outcome, controller, head, row.evaluation_id, row.id
        )
        number = head.version + 1 if head else 1
        to = NextVersion(row.configuration, number, row.digest, decision_id, "manual", "; ".join(outcome.reasons))
        present = await repository.present(tx, row.configuration, row.digest, controller.policy.id)
        await self.ledger.move(tx, to, size, present, outcome, decided, by)
        return canonical(await repository.head(tx, row.configuration), row.configuration)

    async def _evaluate_again(
        self, tx: Write, row: DecisionRow, waiting: Approval, by: Actor, decision: Decision, reason: str
    ) -> None:
        policy = await self.policies.in_force(tx, row.configuration)
        await repository.record_policy(tx, policy)
        ended = waiting.ended(ApprovalState.SUPERSEDED, by.name, "; ".join(decision.reasons))
        await self._end(tx, row, ended, by, "approve", reason)
        again = announcements.evaluation_again(row.configuration, row.digest, uuid4(), "stale", policy)
        await self.ledger.emit(tx, again)


def _decided(
    controller: PromotionController, row: DecisionRow, evidence: Evidence, canonical: CanonicalReference | None
) -> Decision:
    """What evidence says of a decision's candidate."""
    configuration = Configuration.parse(row.configuration)
    heuristic = has_heuristic(configuration.board_type)
    return controller.decide(row.digest, configuration.num_players, evidence, canonical, heuristic=heuristic)
