"""What was decided, on which evidence, and people's word on what waits for it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from services.promotion.api.dependencies import DecisionId, SeenVersion, Service, Who, parsed, tag
from services.promotion.api.problems import (
    AlreadyCanonical,
    BytesMissing,
    EvidenceStale,
    Held,
    InvalidConfiguration,
    NotAwaiting,
    VersionMoved,
)
from services.promotion.schemas import (
    Approvals,
    ApprovalView,
    ApproveRequest,
    Canonical,
    DecisionDetail,
    Decisions,
    DecisionView,
    RejectRequest,
    Rejudged,
    RejudgeRequest,
)
from shared.contract.words import LONGEST_CONFIGURATION, NOBODYS_ID, ApprovalState
from shared.web.application import Limit, new_router
from shared.web.keys import OPERATE, READ
from shared.web.links import FIRST_ID, NEXT, linked
from shared.web.problems import NotFound, problems

router = new_router("decisions", prefix="/v1/decisions")
approvals_router = new_router("decisions", prefix="/v1/approvals")
FIRST = {"decision_id": "$response.body#/items/0/decision_id"}
OfConfiguration = Annotated[
    str | None, Query(max_length=LONGEST_CONFIGURATION, description="Of one configuration only", examples=["hex8_2p"])
]
Before = Annotated[UUID | None, Query(description="Only what is older than this, by its id", examples=[NOBODYS_ID])]


@router.get(
    "",
    responses=linked(200, list_decisions={"before": NEXT}, read_decision={"decision_id": FIRST_ID})
    | problems(InvalidConfiguration),
)
async def list_decisions(
    service: Service, configuration: OfConfiguration = None, before: Before = None, limit: Limit = 50
) -> Decisions:
    """Decisions, newest first; pass `next` as `before` to go on."""
    rows = await service.decisions.page(parsed(configuration) if configuration else None, before, limit)
    return Decisions(items=[DecisionView.of(row) for row in rows], next=rows[-1].id if len(rows) == limit else None)


@router.get("/{decision_id}", responses=problems(NotFound))
async def read_decision(service: Service, decision_id: DecisionId) -> DecisionDetail:
    """A decision with the evidence that it was made from."""
    return DecisionDetail.of(await service.decisions.read(decision_id))


@approvals_router.get(
    "",
    responses=linked(
        200, list_approvals={"before": NEXT}, **{name: FIRST for name in ("read_decision", "approve", "reject")}
    )
    | problems(InvalidConfiguration),
)
async def list_approvals(
    service: Service, configuration: OfConfiguration = None,
    state: Annotated[ApprovalState | None, Query(description="In this state only")] = None,
    before: Before = None, limit: Limit = 50,
) -> Approvals:  # fmt: skip
    """Candidates that passed and wait, or waited, for a person, newest first; pass `next` as `before` to go on."""
    key = parsed(configuration) if configuration else None
    found = await service.decisions.approvals(key, state, before, limit)
    more = found[-1].decision_id if len(found) == limit else None
    return Approvals(items=[ApprovalView.model_validate(each) for each in found], next=more)


@router.post(
    "/{decision_id}/approve",
    status_code=201,
    dependencies=[OPERATE],
    responses=problems(NotFound, NotAwaiting, EvidenceStale, Held, AlreadyCanonical, BytesMissing, VersionMoved),
)
async def approve(
    service: Service, decision_id: DecisionId, body: ApproveRequest, who: Who, seen: SeenVersion, response: Response
) -> Canonical:
    """Promote a candidate that passed and waits.

    If canonical or the policy is another one by now, it is evaluated again first, and what that finds waits for a word anew.
    """
    head = await service.decisions.approve(decision_id, who, body.reason, seen)
    response.headers.update(tag(head.version))
    return Canonical.of(head)


@router.post("/{decision_id}/rejudge", dependencies=[READ], responses=problems(NotFound))
async def rejudge(service: Service, decision_id: DecisionId, body: RejudgeRequest) -> Rejudged:
    """What the same games would have said under another policy; nothing follows from it.

    Games that another policy would have asked for were not played, so a stricter one may find them inconclusive or invalid.
    """
    decision, policy = await service.decisions.rejudge(decision_id, body.gates)
    return Rejudged(
        verdict=decision.verdict, code=decision.code, reasons=list(decision.reasons), policy_id=policy.id, gates=policy
    )


@router.post("/{decision_id}/reject", dependencies=[OPERATE], responses=problems(NotFound, NotAwaiting))
async def reject(service: Service, decision_id: DecisionId, body: RejectRequest, who: Who) -> ApprovalView:
    """Refuse a candidate that passed and waits. Its bytes are marked as bad: they are not promoted until the mark is lifted."""
    return ApprovalView.model_validate(await service.decisions.reject(decision_id, who, body.reason))
