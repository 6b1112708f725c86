"""What the routes depend on."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query, Request

from services.distribution.ledger import LedgerComparison
from services.distribution.service import DistributionService
from shared.contract.audit_chain import Actor
from shared.contract.words import LONGEST_PERSONS_REASON, STORABLE
from shared.web.application import service_of
from shared.web.keys import actor

Service = Annotated[DistributionService, Depends(service_of)]


async def ledger_of(request: Request) -> LedgerComparison:
    """What was last found out about the ledger."""
    comparison: LedgerComparison = request.app.state.ledger
    return comparison


Who = Annotated[Actor, Depends(actor)]
Because = Annotated[
    str | None,
    Query(
        min_length=1, max_length=LONGEST_PERSONS_REASON, pattern=STORABLE, description="Why, for the audit", examples=["mistaken"]
    ),
]  # fmt: skip
Ledger = Annotated[LedgerComparison, Depends(ledger_of)]
