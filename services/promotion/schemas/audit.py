"""Answers about the audit: its rows, and whether they are what they were when they were written."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from services.promotion.act import AuditRow
from shared.contract.audit_chain import Chains
from shared.contract.words import AuditAction, ChainFault, ConfigurationKey, Digest

OF_CHAIN = "The configuration whose chain this is; null for what concerns none"


class AuditEntry(BaseModel):
    """One act, or one move of the pointer. Its hash is the SHA-256 of this object without `hash`, as RFC 8785 writes it."""

    configuration: ConfigurationKey | None = Field(description=OF_CHAIN)
    sequence: int = Field(ge=1, description="Its place in the configuration's chain, from 1")
    at: str = Field(json_schema_extra={"format": "date-time"}, examples=["2026-01-31T12:00:00.000000Z"])
    actor: str = Field(description="The name of the key that was presented, or the service")
    address: str | None = Field(description="Where the request came from; null for the service, and in old rows")
    action: AuditAction
    subject: dict[str, str | int] = Field(description="What it was done to", examples=[{"version": 7}])
    reason: str | None
    previous: Digest | None = Field(description="Hash of the row before in its chain; null in the first")
    hash: Digest = Field(description="Hash of this row")

    @classmethod
    def of(cls, row: AuditRow) -> Self:
        """From a row of the audit."""
        return cls.model_validate(row.content)


class AuditPage(BaseModel):
    """Rows of the audit. `next`: where they go on, null at the end."""

    items: list[AuditEntry]
    next: int | None


class HeadView(BaseModel):
    """The last row of a chain. Whoever keeps it elsewhere notices if the end of the chain is cut off, or written anew."""

    model_config = ConfigDict(from_attributes=True)

    configuration: ConfigurationKey | None = Field(description=OF_CHAIN)
    sequence: int
    hash: Digest


class FaultView(BaseModel):
    """What is wrong with a row."""

    model_config = ConfigDict(from_attributes=True)

    configuration: ConfigurationKey | None = Field(description=OF_CHAIN)
    sequence: int | None = Field(description="The row; null where it is a canonical version that has none")
    kind: ChainFault
    detail: str


class AuditVerification(BaseModel):
    """Whether the audit is what was written."""

    intact: bool
    rows: int
    faults: list[FaultView] = Field(description="The first hundred")
    more_faults: int
    heads: list[HeadView]

    @classmethod
    def of(cls, chains: Chains) -> Self:
        """From the chains that were verified."""
        return cls(
            intact=chains.is_intact,
            rows=chains.rows,
            faults=[FaultView.model_validate(each) for each in chains.faults],
            more_faults=chains.more_faults,
            heads=[HeadView.model_validate(each) for each in chains.heads],
        )
