"""Deliveries, and what they have come to on each node."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path

from services.distribution.api.dependencies import Service
from services.distribution.schemas import Availability, DeliveryList, DeliveryView
from shared.contract.words import ConfigurationKey
from shared.web.application import Limit, new_router
from shared.web.problems import NotFound, problems

router = new_router("deliveries", prefix="/v1")


@router.get("/deliveries")
async def list_deliveries(
    service: Service, configuration: ConfigurationKey | None = None, limit: Limit = 200
) -> DeliveryList:
    """Deliveries of every version, newest version first."""
    deliveries = await service.deliveries(configuration, limit)
    return DeliveryList(items=[DeliveryView.model_validate(delivery) for delivery in deliveries])


@router.get("/configurations/{configuration}/availability", responses=problems(NotFound))
async def get_availability(
    service: Service, configuration: Annotated[ConfigurationKey, Path()]
) -> dict[str, Availability]:
    """Which nodes hold the canonical version, each by its own report; one that cannot be asked is not said to."""
    holdings = await service.availability(configuration)
    return {node: Availability.model_validate(holding) for node, holding in holdings.items()}
