"""What the routes depend on."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from services.gauntlet.service import GauntletService
from shared.web.application import service_of

Service = Annotated[GauntletService, Depends(service_of)]
PREFIX = "/v1/evaluations"
