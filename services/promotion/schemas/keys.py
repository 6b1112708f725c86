"""Requests and answers about API keys."""

from __future__ import annotations

from datetime import date, datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from services.promotion.api_key import ApiKey, Secret
from services.promotion.schemas.requests import RequestModel
from shared.contract.words import KeyName, PersonsReason, ServiceName
from shared.process.credentials import Scope

MOST_DAYS = 3660


class KeyRequest(RequestModel):
    """Make a key for one holder, to present to one service."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "anna", "scope": "read", "days": 1}]})

    name: KeyName
    service: ServiceName = Field(default="promotion", description="The one service that takes it")
    scope: Scope = Field(default="read", description="What it is good for")
    days: float | None = Field(
        default=None,
        gt=0,
        le=MOST_DAYS,
        allow_inf_nan=False,
        description="Good for so long; until it is revoked, if not given",
    )
    reason: PersonsReason | None = None


class KeyView(BaseModel):
    """A key, without its secret, and what became of it."""

    model_config = ConfigDict(from_attributes=True)

    id: str = Field(description="The second part of the key itself, by which it can be found")
    name: str = Field(description="Its holder; the ledger and the audit name them with the id, as `anna (3f2a9c1e)`")
    service: ServiceName
    scope: Scope
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    last_used_on: date | None = Field(description="The last day on which it was presented")
    revoked_by: str | None
    revoked_at: datetime | None
    revoked_because: str | None


class MadeKey(KeyView):
    """A new key with its secret, which nobody is told again."""

    key: str = Field(description="What its holder sends, as `Authorization: Bearer KEY`")

    @classmethod
    def of(cls, made: ApiKey, secret: Secret) -> Self:
        """From its row and its secret."""
        return cls(**vars(made), key=secret.key)


class KeyPage(BaseModel):
    """Keys, newest first."""

    items: list[KeyView]
    next: str | None


class GoodKey(BaseModel):
    """A key that a service takes now, by its hash."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    name: str
    scope: Scope
    hash: str = Field(description="SHA-256 of the key")


class GoodKeys(BaseModel):
    """Every key that a service takes now, beside those of its environment."""

    items: list[GoodKey]
