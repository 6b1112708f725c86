"""What was decided, and on which evidence."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Query

from services.promotion import repository
from services.promotion.api.dependencies import Service, parsed
from services.promotion.api.problems import InvalidConfiguration
from services.promotion.schemas import DecisionDetail, Decisions, DecisionView
from shared.web.application import Limit, new_router
from shared.web.problems import NotFound, problems

router = new_router("promotion", prefix="/v1/decisions")


@router.get("", responses=problems(InvalidConfiguration))
async def list_decisions(
    service: Service, configuration: Annotated[str | None, Query(max_length=100)] = None, limit: Limit = 50
) -> Decisions:
    """The newest decisions, newest first."""
    key = parsed(configuration) if configuration else None
    async with service.database.read() as tx:
        rows = await repository.decisions(tx, key, limit)
    return Decisions(items=[DecisionView.of(row) for row in rows])


@router.get("/{decision_id}", responses=problems(NotFound))
async def read_decision(service: Service, decision_id: UUID) -> DecisionDetail:
    """A decision with the evidence that it was made from."""
    return DecisionDetail.of(await service.decision(decision_id))
