"""The audit: who did what, and whether that is what was written."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from services.promotion.api.decisions import OfConfiguration
from services.promotion.api.dependencies import Service, parsed
from services.promotion.api.problems import InvalidConfiguration
from services.promotion.schemas import AuditEntry, AuditPage, AuditVerification
from shared.contract.words import MOST_ID
from shared.web.application import Limit, new_router
from shared.web.problems import problems

router = new_router("audit", prefix="/v1/audit")
Place = Annotated[
    int | None, Query(ge=0, le=MOST_ID, description="Only rows on that side of this one, by its number", examples=[7])
]


@router.get("", responses=problems(InvalidConfiguration))
async def list_audit(
    service: Service, configuration: OfConfiguration = None, before: Place = None, after: Place = None, limit: Limit = 100
) -> AuditPage:  # fmt: skip
    """Who did what, newest first; pass `next` as `before` to go on.

    With `after` it is oldest first, from 0: pass `next` as `after` then.
    """
    key = parsed(configuration) if configuration else None
    found = await service.audit.page(key, before, after, limit)
    more = found[-1].id if len(found) == limit else None
    return AuditPage(items=[AuditEntry.of(each.row) for each in found], next=more)


@router.get("/verification")
async def verify_audit(service: Service) -> AuditVerification:
    """Whether every row has its hash and its place, and every canonical version its row.

    Rows that were cut off at the end, or written anew to the end, show only to whoever keeps the heads; see MODEL_PROMOTED.
    """
    return AuditVerification.of(await service.audit.verify())
