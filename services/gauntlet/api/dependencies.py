"""What the routes depend on."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path

from services.gauntlet.service import GauntletService
from shared.contract.words import NOBODYS_ID
from shared.web.application import service_of

Service = Annotated[GauntletService, Depends(service_of)]
EvaluationId = Annotated[UUID, Path(description="Of the evaluation", examples=[NOBODYS_ID])]
PREFIX = "/v1/evaluations"
