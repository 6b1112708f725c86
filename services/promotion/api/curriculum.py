"""How much of the training each configuration should get."""

from __future__ import annotations

from services.promotion.api.dependencies import Service
from services.promotion.schemas import CurriculumView, CurriculumWeight
from shared.web.application import new_router

router = new_router("curriculum", prefix="/v1/curriculum")


@router.get("")
async def read_curriculum(service: Service) -> CurriculumView:
    """Every configuration of which something is known, with its weight at this moment: it goes up with failures and with time, and
    down with promotions. The mean of the weights is 1, which is the weight of a configuration that is not listed."""
    found = await service.curriculum.weights()
    return CurriculumView(items=[CurriculumWeight.model_validate(each) for each in found])
