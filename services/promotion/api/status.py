"""The suite at a glance."""

from __future__ import annotations

from services.promotion.api.dependencies import Service
from services.promotion.overview import assemble
from services.promotion.schemas import SuiteStatus
from shared.service.api import Frame
from shared.web.application import new_router

router = new_router("status")


@router.get("/status")
async def read_status(service: Service, frame: Frame) -> SuiteStatus:
    """The state of the suite at a glance."""
    return await assemble(service, frame.inbox)
