"""What the routes depend on."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path, Query

from services.gauntlet.service import GauntletService
from shared.contract.audit_chain import Actor
from shared.contract.words import LONGEST_PERSONS_REASON, NOBODYS_ID, STORABLE
from shared.web.application import service_of
from shared.web.keys import actor

Service = Annotated[GauntletService, Depends(service_of)]
EvaluationId = Annotated[UUID, Path(description="Of the evaluation", examples=[NOBODYS_ID])]
Who = Annotated[Actor, Depends(actor)]
Because = Annotated[
    str | None,
    Query(
        min_length=1, max_length=LONGEST_PERSONS_REASON, pattern=STORABLE, description="Why, for the audit", examples=["mistaken"]
    ),
]  # fmt: skip
PREFIX = "/v1/evaluations"
