"""What the routes depend on."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from services.distribution.agent.service import AgentService
from shared.web.application import service_of

Service = Annotated[AgentService, Depends(service_of)]
