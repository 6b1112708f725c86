"""Decisions: the list, each with its why in words and numbers, and a person's word on what waits for one."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Query, Request, Response

from services.promotion.api.dependencies import Service, Who, parsed
from services.promotion.console.confirming import Act, confirm, seen_in
from services.promotion.console.desk import Model
from services.promotion.console.foretelling import of_approval, of_rejection
from services.promotion.console.forms import Form, checked
from services.promotion.console.rendering import page
from services.promotion.console.routes import new_pages, see
from services.promotion.repository import DecisionRow
from services.promotion.schemas import ApproveRequest, RejectRequest
from shared.contract.configuration import Configuration
from shared.contract.evidence import Evidence
from shared.contract.words import LONGEST_CONFIGURATION, ApprovalState
from shared.web.keys import OPERATE

router = new_pages()
AT_ONCE = 50
Reason = Annotated[str, Query(max_length=1000)]


@router.get("/decisions")
async def decisions(
    request: Request, service: Service, configuration: Annotated[str, Query(max_length=LONGEST_CONFIGURATION)] = "",
    before: UUID | None = None,
) -> Response:  # fmt: skip
    """Decisions, newest first."""
    key = parsed(configuration.strip()) if configuration.strip() else None
    found = await service.decisions.page(key, before, AT_ONCE)
    asked = {"configuration": key} if key else {}
    older = urlencode({**asked, "before": str(found[-1].id)}) if len(found) == AT_ONCE else None
    return page(
        request, "decisions.html", found=found, configuration=key or "", older=older, newest=urlencode(asked),
        is_first=before is None,
    )  # fmt: skip


@router.get("/decisions/{decision_id}")
async def decision(request: Request, service: Service, decision_id: UUID) -> Response:
    """A decision: what the games say, what became of the candidate, and by how much."""
    row = await service.decisions.read(decision_id)
    evidence = Evidence.model_validate(row.evidence) if row.evidence else None
    waiting = await service.decisions.approval(decision_id)
    return page(
        request, "decision.html", row=row, evidence=evidence, waiting=waiting, gates=_gates(row, evidence),
        waits=waiting is not None and waiting.state is ApprovalState.AWAITING and not waiting.is_expired,
    )  # fmt: skip


def _gates(row: DecisionRow, evidence: Evidence | None) -> list[dict[str, object]]:
    """Each gate in numbers, with the last game that counted: the one that decided it."""
    if evidence is None:
        return []
    players = Configuration.parse(row.configuration).num_players
    return [
        {
            "games": each, "win_rate": each.win_rate(players), "verdict": each.verdict(evidence.gates, players).value,
            "threshold": evidence.gates.threshold(each.opponent), "last": each.games - 1,
        }
        for each in evidence.opponents
    ]  # fmt: skip


@router.get("/decisions/{decision_id}/approve", dependencies=[OPERATE])
async def confirm_approval(request: Request, model: Model, decision_id: UUID, reason: Reason = "") -> Response:
    """What an approval will do."""
    row, status = await model.service.decisions.read(decision_id), await model.status()
    head = status.promotion_status.configurations.get(row.configuration)
    fields = {"reason": reason.strip(), "seen_version": str(head.version if head else 0)}
    said = of_approval(status, row.configuration, row.digest)
    return confirm(
        request,
        Act("Promote this candidate?", said, fields, f"/decisions/{row.id}/approve", "Approve", f"/decisions/{row.id}"),
    )


@router.get("/decisions/{decision_id}/reject", dependencies=[OPERATE])
async def confirm_rejection(request: Request, model: Model, decision_id: UUID, reason: Reason = "") -> Response:
    """What a rejection will do."""
    row = await model.service.decisions.read(decision_id)
    said, back = of_rejection(row.configuration, row.digest), f"/decisions/{row.id}"
    act = Act(
        "Refuse this candidate?", said, {"reason": reason.strip()}, f"{back}/reject", "Reject", back, is_danger=True
    )
    return confirm(request, act)


@router.post("/decisions/{decision_id}/approve", dependencies=[OPERATE])
async def approve(
    request: Request, service: Service, model: Model, decision_id: UUID, form: Form, who: Who
) -> Response:
    """Say yes; the next page shows how the version gets to the nodes."""
    reason = checked(ApproveRequest, **({"reason": form["reason"]} if form.get("reason") else {})).reason
    head = await service.decisions.approve(decision_id, who, reason, seen_in(form))
    model.kept.forget()
    return see(request, f"/deliveries/{head.configuration}/{head.version}")


@router.post("/decisions/{decision_id}/reject", dependencies=[OPERATE])
async def reject(request: Request, service: Service, model: Model, decision_id: UUID, form: Form, who: Who) -> Response:
    """Say no."""
    await service.decisions.reject(decision_id, who, checked(RejectRequest, reason=form.get("reason", "")).reason)
    model.kept.forget()
    return see(request, f"/decisions/{decision_id}")
