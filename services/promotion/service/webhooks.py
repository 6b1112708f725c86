"""Webhooks as people add, look at, replay and remove them. What is sent to them, the courier sends."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from services.promotion import repository
from services.promotion.act import Act
from services.promotion.errors import TooManyWebhooksError
from services.promotion.service.audit import record
from services.promotion.service.ledger import Ledger, known
from services.promotion.webhook import SECRET_BYTES, NewWebhook, NoticeRow, Webhook, WebhookRules, secret_of
from shared.contract.audit_chain import Actor
from shared.contract.words import MOST_WEBHOOKS, AuditAction, NoticeFormat, NoticeState
from shared.storage.database import Read, Write


@dataclass(frozen=True)
class Webhooks:
    """`rules`: where receivers may be."""

    ledger: Ledger
    rules: WebhookRules

    async def add(
        self, url: str, types: Sequence[str], by: Actor, format: NoticeFormat = "json"
    ) -> tuple[Webhook, str]:
        """Add a webhook, which is told of what happens from now on; returns it with the secret, which is shown this once.
        ReceiverRefusedError, TooManyWebhooksError."""
        self.rules.require_receiver(url)
        secret = secret_of(secrets.token_bytes(SECRET_BYTES))
        wanted = tuple(dict.fromkeys(types))
        new = NewWebhook(id=uuid4(), url=url, types=wanted, secret=secret, created_by=by.name, format=format)
        # what is committed already gets its place in the feed first, so that the webhook begins after it
        await self.ledger.outbox.order_once(self.ledger.database)
        async with self.ledger.database.write() as tx:
            await repository.lock_webhooks(tx)
            if await repository.count_webhooks(tx) >= MOST_WEBHOOKS:
                raise TooManyWebhooksError(f"there are {MOST_WEBHOOKS} webhooks already; remove one first")
            await repository.add_webhook(tx, new)
            await _audit(tx, by, "add_webhook", new.id)
            return await _webhook(tx, new.id), secret

    async def all(self) -> list[Webhook]:
        """Every webhook, oldest first."""
        async with self.ledger.database.read() as tx:
            return await repository.webhooks(tx)

    async def remove(self, webhook_id: UUID, by: Actor) -> Webhook:
        """Remove a webhook; what waits for it is sent no more. UnknownError if there is none."""
        async with self.ledger.database.write() as tx:
            removed = await _webhook(tx, webhook_id)
            await repository.remove_webhook(tx, webhook_id)
            await _audit(tx, by, "remove_webhook", webhook_id)
            return removed

    async def replay(self, webhook_id: UUID, after: str | None, by: Actor) -> Webhook:
        """Have the events after a cursor of the feed sent again, or, without one, the notices that are dead. UnknownError;
        ValueError and CursorUnknownError for what is no cursor of this feed."""
        async with self.ledger.database.write() as tx:
            await repository.lock_webhooks(tx)
            await _webhook(tx, webhook_id)
            place = None if after is None else await self.ledger.outbox.place(tx, after)
            await repository.replay_notices(tx, webhook_id, place)
            await _audit(tx, by, "replay_webhook", webhook_id)
            await repository.note_events(tx)
            return await _webhook(tx, webhook_id)

    async def notices(
        self, webhook_id: UUID, state: NoticeState | None, before: int | None, limit: int
    ) -> list[NoticeRow]:
        """What a webhook was told, or is to be, newest event first. UnknownError."""
        async with self.ledger.database.read() as tx:
            await _webhook(tx, webhook_id)
            return await repository.notices(tx, webhook_id, state, before, limit)


async def _audit(tx: Write, by: Actor, action: AuditAction, webhook_id: UUID) -> None:
    """Without the address, which may be a secret of its receiver."""
    await record(tx, by, Act(None, action, None, {"webhook": str(webhook_id)}))


async def _webhook(tx: Read, webhook_id: UUID) -> Webhook:
    found = await repository.webhooks(tx, webhook_id)
    return known(found[0] if found else None, f"webhook {webhook_id}")
