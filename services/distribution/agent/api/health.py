"""The node at a glance, open to everyone."""

from __future__ import annotations

from fastapi import APIRouter

from services.distribution.agent.api.dependencies import Service
from services.distribution.agent.schemas import Health

router = APIRouter(tags=["health"])


@router.get("/health")
async def get_health(service: Service) -> Health:
    """Whether the node answers, its free disk, and the models on it."""
    return await service.health()
