"""The answer of GET /v1/curriculum."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from shared.contract.words import ConfigurationKey


class CurriculumWeight(BaseModel):
    """A configuration's part in the training, and what it rests on."""

    model_config = ConfigDict(from_attributes=True)

    configuration: ConfigurationKey
    weight: float = Field(description="The mean of all is 1")
    share: float = Field(description="The same as a part of 1")
    struggle: float = Field(description="The share of failures among its newest candidates, 0 to 1")
    staleness: float = Field(description="How long it was not promoted, 0 to 1: 0.5 after a day")
    candidates: int = Field(description="Candidates that counted")
    since: datetime = Field(description="When a candidate was promoted on its games last, or the first was seen")


class CurriculumView(BaseModel):
    """Every configuration of which something is known, by name."""

    items: list[CurriculumWeight]
