"""Deliveries, and what they have come to on each node."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query

from services.distribution.api.dependencies import Service
from services.distribution.delivery import DeliveryKey
from services.distribution.schemas import Availability, Deliveries, DeliveryView
from shared.contract.words import DELIVERY_KEY_PATTERN, LONGEST_DELIVERY_KEY, ConfigurationKey, NodeName
from shared.web.application import Limit, new_router
from shared.web.links import NEXT, linked
from shared.web.problems import NotFound, problems

router = new_router("deliveries", prefix="/v1")
Key = Annotated[
    str | None,
    Query(
        max_length=LONGEST_DELIVERY_KEY,
        pattern=DELIVERY_KEY_PATTERN,
        description="Only deliveries after this one",
        examples=["hex8_2p:7:node-1"],
    ),
]


@router.get("/deliveries", responses=linked(200, list_deliveries={"after": NEXT}))
async def list_deliveries(
    service: Service,
    configuration: Annotated[ConfigurationKey | None, Query(description="Of one configuration only")] = None,
    after: Key = None,
    limit: Limit = 200,
) -> Deliveries:
    """Deliveries by configuration, newest version first, then by node; pass `next` as `after` to go on."""
    found = await service.deliveries(configuration, DeliveryKey.parse(after) if after else None, limit)
    more = str(DeliveryKey.of(found[-1])) if len(found) == limit else None
    return Deliveries(items=[DeliveryView.model_validate(delivery) for delivery in found], next=more)


@router.get("/configurations/{configuration}/availability", responses=problems(NotFound))
async def read_availability(
    service: Service, configuration: Annotated[ConfigurationKey, Path(description="Board type and number of players")]
) -> dict[NodeName, Availability]:
    """Which nodes hold the canonical version, each by its own report; one that cannot be asked is not said to."""
    holdings = await service.availability(configuration)
    return {node: Availability.model_validate(holding) for node, holding in holdings.items()}
