"""Webhooks: who is told of this service's events. Addresses may hold secrets of receivers, so all of it needs `operate`."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query

from services.promotion.api.dependencies import Service, Who
from services.promotion.api.problems import ReceiverRefused, TooManyWebhooks
from services.promotion.schemas import AddedWebhook, NoticeView, NoticeViews, WebhookRequest, Webhooks, WebhookView
from shared.contract.words import MOST_ID, NOBODYS_ID, NoticeState
from shared.messaging.outbox import BEGINNING, CursorUnknownError
from shared.service.api import CursorUnknown, InvalidCursor
from shared.web.application import Limit, new_router
from shared.web.keys import OPERATE
from shared.web.problems import NotFound, problems

router = new_router("webhooks", prefix="/v1/webhooks")
WebhookId = Annotated[UUID, Path(description="Of the webhook", examples=[NOBODYS_ID])]
After = Annotated[
    str | None,
    Query(
        max_length=200,
        description="Cursor of the feed, after which everything is sent again; what is dead if none is given",
        examples=[BEGINNING],
    ),
]


@router.get("", dependencies=[OPERATE])
async def list_webhooks(service: Service) -> Webhooks:
    """Every webhook, oldest first, and how it fares."""
    return Webhooks(items=[WebhookView.model_validate(each) for each in await service.webhooks.all()])


@router.post("", status_code=201, dependencies=[OPERATE], responses=problems(ReceiverRefused, TooManyWebhooks))
async def add_webhook(service: Service, body: WebhookRequest, who: Who) -> AddedWebhook:
    """Have a receiver told of events from now on, each as CloudEvents 1.0 in JSON or as a message for a chat, signed as
    Standard Webhooks describe it.

    The secret of the signatures is in this answer and nowhere else.
    """
    added, secret = await service.webhooks.add(body.url, body.types, who, body.format)
    return AddedWebhook.model_validate({**vars(added), "secret": secret})


@router.delete("/{webhook_id}", dependencies=[OPERATE], responses=problems(NotFound))
async def remove_webhook(service: Service, webhook_id: WebhookId, who: Who) -> WebhookView:
    """Tell a receiver nothing more, not even what waits for it."""
    return WebhookView.model_validate(await service.webhooks.remove(webhook_id, who))


@router.post(
    "/{webhook_id}/replay",
    status_code=202,
    dependencies=[OPERATE],
    responses=problems(NotFound, InvalidCursor, CursorUnknown),
)
async def replay_webhook(service: Service, webhook_id: WebhookId, who: Who, after: After = None) -> WebhookView:
    """Send again what the receiver lost: everything after a cursor of the feed, or the notices that are dead.

    A notice keeps its `webhook-id`, by which receivers know what they have already.
    """
    try:
        return WebhookView.model_validate(await service.webhooks.replay(webhook_id, after, who))
    except ValueError as error:
        raise InvalidCursor(str(error)) from None
    except CursorUnknownError as error:
        raise CursorUnknown(str(error)) from None


@router.get("/{webhook_id}/notices", dependencies=[OPERATE], responses=problems(NotFound))
async def list_notices(
    service: Service, webhook_id: WebhookId,
    state: Annotated[NoticeState | None, Query(description="In this state only")] = None,
    before: Annotated[int | None, Query(ge=1, le=MOST_ID, description="Only earlier places in the feed", examples=[7])] = None,
    limit: Limit = 50,
) -> NoticeViews:  # fmt: skip
    """What a receiver was told, or is to be, newest event first; pass `next` as `before` to go on."""
    found = await service.webhooks.notices(webhook_id, state, before, limit)
    more = found[-1].sequence if len(found) == limit else None
    return NoticeViews(items=[NoticeView.model_validate(each._asdict()) for each in found], next=more)
