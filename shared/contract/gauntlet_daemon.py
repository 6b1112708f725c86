"""How the gauntlet service's work is, as it tells it and the front door passes it on. Decides nothing."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class GauntletDaemon(BaseModel):
    """How many evaluations have not ended, by where they are. `unreachable`: it does not say, and `detail` says why not."""

    model_config = ConfigDict(from_attributes=True)

    status: Literal["running", "unreachable"] = "running"
    detail: str | None = Field(default=None, description="Why it is not known; null if it is")
    received: int | None = Field(default=None, description="Wait for their model or their policy")
    queued: int | None = Field(default=None, description="Wait for a worker")
    running: int | None = Field(default=None, description="Are played")
