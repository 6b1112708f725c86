"""Request and answer about the ledger's epochs."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from services.promotion.schemas.requests import RequestModel
from shared.contract.words import Epoch, PersonsReason


class RestoredRequest(RequestModel):
    """The ledger was restored from a backup."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reason": "restored the backup of Sunday", "dry_run": True}]}
    )

    reason: PersonsReason
    dry_run: bool = Field(default=False, description="Only say which epoch would begin")


class EpochView(BaseModel):
    """An epoch of the ledger."""

    model_config = ConfigDict(from_attributes=True)

    epoch: Epoch
    begun_at: datetime | None = Field(description="Null for the first, which nobody began")
    begun_by: str | None = Field(description="The person's key")
    reason: str | None
