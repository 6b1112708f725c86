"""Answers about what people decide: approvals, holds, waivers."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from shared.contract.words import (
    ApprovalState,
    ConfigurationKey,
    Digest,
    HoldKind,
    WaiverState,
)


class ApprovalView(BaseModel):
    """A candidate that passed and waits for a person, or waited."""

    model_config = ConfigDict(from_attributes=True)

    decision_id: UUID
    configuration: ConfigurationKey
    digest: Digest
    state: ApprovalState
    is_expired: bool = Field(description="Whether nobody said a word before the deadline")
    asked_at: datetime
    deadline: datetime
    closed_at: datetime | None
    closed_by: str | None
    reason: str | None


class Approvals(BaseModel):
    """Approvals, newest first."""

    items: list[ApprovalView]
    next: UUID | None


class HoldView(BaseModel):
    """What a person laid on a configuration, and whether it still holds."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    configuration: ConfigurationKey
    kind: HoldKind
    version: int | None = Field(description="Of a pin")
    digest: Digest | None = Field(description="Of a mark")
    reason: str
    placed_by: str
    placed_at: datetime
    lifted_by: str | None
    lifted_at: datetime | None = Field(description="Null as long as it holds")
    lifted_because: str | None


class Holds(BaseModel):
    """Holds, newest first."""

    items: list[HoldView]
    next: UUID | None


class WaiverView(BaseModel):
    """What a version owes that was forced without games, or what those said afterwards."""

    model_config = ConfigDict(from_attributes=True)

    configuration: ConfigurationKey
    version: int
    digest: Digest
    state: WaiverState
    is_expired: bool = Field(description="Whether its evaluation is overdue")
    finding: str | None = Field(description="What the evaluation said")
    decision_id: UUID | None
    reason: str
    granted_by: str
    granted_at: datetime
    expires_at: datetime
