"""Judging: an evaluation's end in, a recorded decision out, with everything that follows from it, in one transaction.

The rules are in controller.py and disposition.py.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import Literal
from uuid import UUID, uuid4

from services.promotion import announcements, figures, repository
from services.promotion.controller import Decision
from services.promotion.disposition import Circumstances, Outcome, PromotionRules, dispose
from services.promotion.policy_version import of_environment
from services.promotion.promotion_request import PromotionRequest
from services.promotion.repository import Present
from services.promotion.service.holds import Holds
from services.promotion.service.ledger import Ledger
from services.promotion.service.policies import Policies
from services.promotion.service.waivers import Waivers
from services.promotion.versions import CanonicalVersion, NextVersion
from services.promotion.waiver import Waiver
from shared.contract.audit_chain import Actor
from shared.contract.configuration import has_heuristic
from shared.contract.events import Event, RejectedError
from shared.contract.events.gauntlet import EvaluationCompleted, EvaluationFailed
from shared.contract.policy import GatePolicy
from shared.contract.words import HoldKind
from shared.process.logs import get_logger
from shared.storage.artifacts import ArtifactStore
from shared.storage.database import Write, after_commit, afterwards
from shared.storage.together import Rows, write

_log = get_logger(__name__)


@dataclass(frozen=True)
class Case:
    """An evaluation to be judged. `request`: the operator's that it was made for; `waiver`: of the forced version that it reviews;
    a trainer's candidate has neither. `lacking`: how many of the candidate's bytes the artifact store does not hold."""

    event: Event
    data: EvaluationCompleted
    present: Present
    request: PromotionRequest | None
    waiver: Waiver | None
    lacking: int

    @property
    def configuration(self) -> str:
        """The candidate's configuration."""
        return self.present.configuration

    @property
    def head(self) -> CanonicalVersion | None:
        """The canonical version."""
        return self.present.head


@dataclass(frozen=True)
class Judged(Case):
    """A case with its decision, which is still to be written."""

    decision: Decision
    decision_id: UUID
    outcome: Outcome
    policy: GatePolicy
    decided: Rows


@dataclass(frozen=True)
class Judging:
    """Judges evaluations, by `rules` where the games do not say it all."""

    ledger: Ledger
    policies: Policies
    holds: Holds
    waivers: Waivers
    store: ArtifactStore
    rules: PromotionRules

    async def judge(self, tx: Write, event: Event, data: EvaluationCompleted) -> None:
        """Decide on an evaluation, and promote, refuse, or ask for another one. RejectedError if it was judged before."""
        if not await repository.record_evaluation(tx, data):
            raise RejectedError(f"evaluation {data.evaluation_id} was judged already; its end is reported once")
        request, waiver = await self._asked_by(tx, data)
        played = data.evidence.gates.id
        async with asyncio.TaskGroup() as meanwhile:
            lacking = meanwhile.create_task(self._lacking(data))
            present = await repository.present(tx, str(data.configuration), data.digest, played)
        case = Case(event, data, present, request, waiver, lacking.result())
        judged = self._decide(case)
        if not (present.is_recorded and judged.policy.id == played):
            await repository.record_policy(tx, judged.policy)
        await self._carry_out(tx, judged)
        after_commit(tx, partial(afterwards, partial(_say, judged)))

    async def evaluation_failed(self, tx: Write, data: EvaluationFailed) -> None:
        """End what waited for the evaluation, if anything did."""
        request, waiver = await self._asked_by(tx, data)
        if request is not None:
            await repository.close_request(tx, request.id, request.ended_without_evidence(data.code, data.reason))
        if waiver is not None:
            await self.waivers.unevaluated(tx, waiver, f"{data.code}: {data.reason}")

    def _decide(self, case: Case) -> Judged:
        data, present = case.data, case.present
        version = present.policy or of_environment(case.configuration)
        controller = self.policies.judge(version, case.request)
        reference = present.head.reference if present.head else None
        heuristic = has_heuristic(data.board_type)
        decision = controller.decide(
            data.digest,
            data.num_players,
            data.evidence,
            reference,
            heuristic=heuristic,
            same_weights=present.is_canonical,
        )
        outcome = dispose(decision, case.request, self._circumstances(case))
        decision_id = uuid4()
        decided = repository.decided(
            decision_id,
            case.configuration,
            data.digest,
            decision,
            outcome,
            controller,
            present.head,
            data.evaluation_id,
        )
        return Judged(
            **vars(case),
            decision=decision,
            decision_id=decision_id,
            outcome=outcome,
            policy=controller.policy,
            decided=decided,
        )

    def _circumstances(self, case: Case) -> Circumstances:
        present, head, asks_time = case.present, case.head, self.rules.min_seconds > 0
        return Circumstances(
            rules=self.rules,
            holds=present.holds,
            lacking=case.lacking,
            already=head.version if head and present.is_canonical else None,
            same_bytes=head is not None and head.digest == case.data.digest,
            canonical=head.version if head else 0,
            canonical_seconds=(present.at - head.promoted_at).total_seconds() if head and asks_time else None,
            reviews=case.waiver is not None,
        )

    async def _lacking(self, data: EvaluationCompleted) -> int:
        """How many bytes of the candidate the artifact store does not hold: all of them, or none."""
        artifact = await asyncio.to_thread(self.store.find, data.digest)
        return 0 if artifact is not None and artifact.size == data.size else data.size

    async def _asked_by(
        self, tx: Write, data: EvaluationCompleted | EvaluationFailed
    ) -> tuple[PromotionRequest | None, Waiver | None]:
        """What the evaluation was made for."""
        request = await repository.request(tx, data.request_id) if data.request_id else None
        waiver = await repository.waiver(tx, data.request_id) if data.request_id and request is None else None
        asked = request or waiver
        if asked is not None and asked.configuration != str(data.configuration):
            raise RejectedError(f"request {asked.id} is for {asked.configuration}, not for {data.configuration}")
        return request, waiver

    async def _carry_out(self, tx: Write, judged: Judged) -> None:
        request, outcome = judged.request, judged.outcome
        if outcome.disposition == "promoted":
            await self._promote(tx, judged)
        elif judged.waiver is None:
            said = announcements.not_promoted(judged.data, judged.decision_id, judged.decision, outcome)
            disposed = (judged.present, outcome.code, judged.decision_id, judged.event)
            await self.ledger.learn(tx, *disposed, said, [judged.decided])
        else:
            await write(tx, judged.decided)
        if judged.waiver is not None:
            await self.waivers.review(tx, judged.waiver, judged.decision, judged.head, judged.decision_id)
        if outcome.code == "evaluated_again":
            await self._evaluate_again(tx, judged)
        elif outcome.disposition == "awaiting":
            seconds = self.rules.approval_seconds
            about = (judged.decision_id, judged.configuration, judged.data.digest)
            await repository.ask_for_approval(tx, *about, seconds)
        if request is not None:
            reason = "; ".join(outcome.reasons)
            closing = request.ended_by(outcome.disposition, outcome.code, reason, judged.decision_id)
            await repository.close_request(tx, request.id, closing)

    async def _promote(self, tx: Write, judged: Judged) -> None:
        data, request, head = judged.data, judged.request, judged.head
        reasons = judged.outcome.reasons
        to = NextVersion(
            judged.configuration, head.version + 1 if head else 1, data.digest, judged.decision_id,
            request.kind if request else "automatic", "; ".join((request.why, *reasons) if request and request.why else reasons),
        )  # fmt: skip
        by = Actor(request.asked_by) if request else None
        await self.ledger.move(tx, to, data.size, judged.present, judged.outcome, judged.decided, by, judged.event)
        if request is not None and request.is_forced:
            await self._forced(tx, to, request, judged.event)

    async def _forced(self, tx: Write, to: NextVersion, request: PromotionRequest, cause: Event) -> None:
        """What a version owes that was forced; a mark on its bytes is overruled by the person who forced them."""
        because = f"forced as version {to.version}"
        await self.holds.lift_in(tx, to.configuration, HoldKind.MARK, to.digest, Actor(request.asked_by), because)
        policy = await self.policies.in_force(tx, to.configuration)
        if not policy.skip_games:
            await self.waivers.grant(tx, to, request, policy, cause)

    async def _evaluate_again(self, tx: Write, judged: Judged) -> None:
        data, request = judged.data, judged.request
        is_to_be_seen = judged.waiver is not None or (request is not None and request.dry_run)
        games = request.games if request else None
        policy = await self.policies.in_force(tx, judged.configuration, games)
        reason: Literal["stale", "review"] = "review" if is_to_be_seen else "stale"
        request_id = data.request_id or uuid4()
        again = announcements.evaluation_again(judged.configuration, data.digest, request_id, reason, policy, games)
        await self.ledger.emit(tx, again, cause=judged.event)


def _say(judged: Judged) -> None:
    """One line, and one in the figures, of what is so."""
    outcome = judged.outcome
    figures.note_decision(judged.decision.verdict, outcome.disposition)
    _log.info(
        "decided", configuration=judged.configuration, digest=judged.data.digest, verdict=judged.decision.verdict,
        disposition=outcome.disposition, code=outcome.code, reasons=list(outcome.reasons),
    )  # fmt: skip
