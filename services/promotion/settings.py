"""The promotion service's environment."""

from __future__ import annotations

from pydantic import Field

from shared.process.settings import GateSettings, ServiceSettings


class PromotionSettings(ServiceSettings, GateSettings):
    """What the promotion service reads beyond what all services share."""

    promotion_port: int = Field(default=8770, ge=1, le=65535)
    auto_promote: bool = Field(
        default=True, description="Promote candidates of trainers that pass; otherwise only on request"
    )
