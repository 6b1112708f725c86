"""The ledger's epoch, and beginning another one when it was restored from a backup."""

from __future__ import annotations

from services.promotion.api.dependencies import Service, Who
from services.promotion.schemas import EpochView, RestoredRequest
from shared.web.application import new_router
from shared.web.keys import FORCE

router = new_router("pointer", prefix="/v1/epochs")


@router.get("/present")
async def read_epoch(service: Service) -> EpochView:
    """The epoch that the ledger is in, and who began it."""
    return EpochView.model_validate(await service.epochs.present())


@router.post("", status_code=201, dependencies=[FORCE])
async def begin_epoch(service: Service, body: RestoredRequest, who: Who) -> EpochView:
    """Say that the ledger was restored from a backup. Versions that were given out after it was made count no more, wherever they
    went: nodes go back to what is canonical here, and follow. It needs a key of scope force."""
    return EpochView.model_validate(await service.epochs.begin(who, body.reason, dry_run=body.dry_run))
