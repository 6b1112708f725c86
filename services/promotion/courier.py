"""The courier: notes what the feed has for each webhook, and brings every notice to its receiver, again until it is taken or dead.

Each webhook has a task of its own, so that one whose receiver hangs delays no other. What is noted and tried is in Postgres: a
courier that dies, or a second one beside it, costs a pause and sends nothing out of order.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from prometheus_client import Counter

from services.promotion import repository
from services.promotion.webhook import Notice, WebhookRules
from services.promotion.webhook_client import NoticeFailedError, WebhookClient
from shared.contract.words import LONGEST_REASON
from shared.process.logs import get_logger
from shared.process.repeated import RepeatedLog
from shared.storage.database import Database

SWEEP_SECONDS = 1.0
LEASE_SECONDS = 30.0
"""How much longer than an answer may take a notice is left to whoever took it up."""
TRIES = Counter("ringrift_webhook_tries", "Tries of notices, by what came of them", ["outcome"])
for _outcome in ("taken", "failed", "dead"):
    TRIES.labels(_outcome)
_log = get_logger(__name__)


@dataclass(frozen=True)
class Courier:
    """Brings notices to receivers. `chance`: in [0, 1), spreads the tries."""

    database: Database
    client: WebhookClient
    rules: WebhookRules
    chance: Callable[[], float] = random.random
    _rounds: dict[UUID, asyncio.Task[None]] = field(default_factory=dict, init=False)
    _troubles: dict[UUID, RepeatedLog] = field(default_factory=dict, init=False)

    async def run(self) -> None:
        """Note and bring, for ever: after every commit of this process, and once a second in any case."""
        try:
            async for _ in self.database.changes(SWEEP_SECONDS):
                for webhook_id in await self._due():
                    if webhook_id not in self._rounds:
                        task = asyncio.create_task(self._round(webhook_id), name=f"webhook-{webhook_id}")
                        self._rounds[webhook_id] = task
                        task.add_done_callback(partial(self._forget, webhook_id))
        finally:
            rounds = list(self._rounds.values())
            for each in rounds:
                each.cancel()
            await asyncio.gather(*rounds, return_exceptions=True)

    def _forget(self, webhook_id: UUID, _: object) -> None:
        self._rounds.pop(webhook_id, None)

    async def _due(self) -> list[UUID]:
        """The webhooks for which there is something to be done, after noting what is new in the feed."""
        async with self.database.read() as tx:
            lag, due = await repository.webhooks_lag(tx), await repository.webhooks_due(tx)
        if lag:
            async with self.database.write() as write:
                await repository.note_events(write)
                due = await repository.webhooks_due(write)
        return due

    async def _round(self, webhook_id: UUID) -> None:
        """Bring what is due at one webhook, one after the other."""
        said = self._troubles.setdefault(webhook_id, RepeatedLog(_log, "webhook", webhook_id=str(webhook_id)))
        try:
            while (notice := await self._take_up(webhook_id)) is not None:
                await self._bring(notice, said)
        except Exception as error:  # the database is away; the next pass tries again
            said.failed(error)

    async def _take_up(self, webhook_id: UUID) -> Notice | None:
        async with self.database.write(quiet=True) as tx:
            return await repository.take_up_notice(tx, webhook_id, self.rules.seconds + LEASE_SECONDS)

    async def _bring(self, notice: Notice, said: RepeatedLog) -> None:
        try:
            await self.client.send(notice)
        except NoticeFailedError as error:
            said.failed(error)
            await self._failed(notice, str(error))
        else:
            said.worked()
            TRIES.labels("taken").inc()
            async with self.database.write(quiet=True) as tx:
                await repository.notice_taken(tx, notice)

    async def _failed(self, notice: Notice, reason: str) -> None:
        pause = self.rules.pause(notice.attempts, self.chance())
        TRIES.labels("dead" if pause is None else "failed").inc()
        async with self.database.write(quiet=True) as tx:
            await repository.notice_failed(tx, notice, reason[:LONGEST_REASON], pause)
        if pause is None:
            _log.error(
                "webhook notice is dead",
                webhook_id=str(notice.webhook_id),
                event_id=str(notice.event_id),
                reason=reason,
            )
