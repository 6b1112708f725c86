"""What the routes depend on."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from services.distribution.service import DistributionService
from shared.web.application import service_of

Service = Annotated[DistributionService, Depends(service_of)]
