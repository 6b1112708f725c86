"""The node at a glance, open to everyone."""

from __future__ import annotations

from services.distribution.agent.api.dependencies import Service
from services.distribution.agent.schemas import Health
from shared.web.application import new_open_router

router = new_open_router("health")


@router.get("/health")
async def read_health(service: Service) -> Health:
    """Whether the node answers, its free disk, and the models on it."""
    return await service.health()
