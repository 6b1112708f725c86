"""What the routes depend on."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from services.distribution.ledger import LedgerComparison
from services.distribution.service import DistributionService
from shared.web.application import service_of

Service = Annotated[DistributionService, Depends(service_of)]


async def ledger_of(request: Request) -> LedgerComparison:
    """What was last found out about the ledger."""
    comparison: LedgerComparison = request.app.state.ledger
    return comparison


Ledger = Annotated[LedgerComparison, Depends(ledger_of)]
