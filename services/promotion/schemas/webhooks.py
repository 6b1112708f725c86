"""Requests and answers about webhooks."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from shared.contract.events import DATA_MODELS, EventType
from shared.contract.words import MOST_WEBHOOKS, STORABLE, NoticeFormat, NoticeState

PRODUCER = "promotion"


def _require_own(name: str) -> str:
    own = [each for each, model in DATA_MODELS.items() if model.producer == PRODUCER]
    if name not in own:
        raise ValueError(f"{name} is no event of this service, whose are {', '.join(own)}")
    return name


class WebhookRequest(BaseModel):
    """A receiver, and of which events it is told."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"url": "https://hooks.example/ringrift", "types": ["MODEL_PROMOTED"]}]},
    )

    url: str = Field(
        min_length=1, max_length=2000, pattern=STORABLE, description="Where notices are posted",
        examples=["https://hooks.example/ringrift"],
    )  # fmt: skip
    types: list[Annotated[EventType, AfterValidator(_require_own)]] = Field(
        default=[], max_length=100, description="Of this service's events only these; all if empty",
        examples=[["MODEL_PROMOTED", "MODEL_PROMOTION_FAILED"]],
    )  # fmt: skip
    format: NoticeFormat = Field(
        default="json", description="json: the event as CloudEvents 1.0; slack, discord: a message for a webhook of that chat",
    )  # fmt: skip


class WebhookView(BaseModel):
    """A webhook and how it fares."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    url: str
    types: list[str]
    format: NoticeFormat = "json"
    created_by: str
    created_at: datetime
    waiting: int = Field(description="Notices that its receiver has not taken yet")
    taken: int = Field(description="Of those that are kept")
    dead: int = Field(description="Notices that were given up; POST .../replay sends them again")
    oldest_waiting_at: datetime | None
    last_taken_at: datetime | None
    last_error: str | None = Field(description="Why the last try that failed did")
    last_error_at: datetime | None


class AddedWebhook(WebhookView):
    """A new webhook, with the secret of its signatures, which is shown this once."""

    secret: str = Field(description="As Standard Webhooks write it: whsec_ and base64")


class Webhooks(BaseModel):
    """Every webhook."""

    items: list[WebhookView] = Field(max_length=MOST_WEBHOOKS)


class NoticeView(BaseModel):
    """One event for one webhook."""

    event_id: UUID = Field(description="Its webhook-id")
    sequence: int = Field(description="Its place in the feed")
    type: str
    subject: str
    state: NoticeState
    attempts: int
    due_at: datetime = Field(description="When it is tried next, or was to be")
    last_error: str | None
    noted_at: datetime
    ended_at: datetime | None


class NoticeViews(BaseModel):
    """Notices, newest event first."""

    items: list[NoticeView]
    next: int | None
