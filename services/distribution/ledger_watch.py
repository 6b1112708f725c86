"""Reads the ledger's canonical versions from the promotion service, now and again, and compares. Changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta

import httpx
from prometheus_client import Gauge
from pydantic import BaseModel, ValidationError

from services.distribution.ledger import Beside, LedgerComparison, LedgerHeads, Reference
from shared.contract.words import ConfigurationKey, Digest, Epoch
from shared.process.logs import get_logger

ALLOWANCE_SECONDS = 5.0
"""Beside three reads of the feed: what a busy service needs to handle what they brought."""
DIFFERENCES = Gauge(
    "ringrift_ledger_differences",
    "Configurations of which the ledger names another version than the distribution service gives to the nodes",
)
AHEAD = Gauge("ringrift_nodes_ahead", "Nodes that say they hold a version which the ledger has not reached")
_log = get_logger(__name__)


class _Canonical(BaseModel):
    configuration: ConfigurationKey
    version: int
    digest: Digest


class _Answer(BaseModel):
    epoch: Epoch = 0
    items: list[_Canonical]


class LedgerWatch:
    """`url`: the promotion service; `beside`: what is to be compared; `seconds`: between two reads, as of the feed."""

    def __init__(
        self, client: httpx.AsyncClient, url: str, beside: Callable[[LedgerHeads], Awaitable[Beside]], seconds: float
    ) -> None:
        self._client, self._url = client, f"{url.rstrip('/')}/v1/configurations"
        self._beside, self._seconds = beside, seconds
        self.comparison = LedgerComparison(timedelta(seconds=3 * seconds + ALLOWANCE_SECONDS))

    async def follow(self) -> None:
        """Compare for ever. A promotion service that is away is asked again later."""
        while True:
            await self.compare()
            await asyncio.sleep(self._seconds)

    async def compare(self) -> None:
        """Compare once."""
        known: Sequence[object] = [*self.comparison.differences, *self.comparison.all_ahead]
        try:
            ledger = await self._ledger()
        except (httpx.HTTPError, ValidationError) as error:
            self.comparison.missed(f"{self._url}: {error!r}"[:300])
            return
        self.comparison.compared(ledger, await self._beside(ledger), datetime.now(UTC))
        DIFFERENCES.set(len(self.comparison.differences))
        AHEAD.set(self.comparison.nodes_ahead)
        for each in self.comparison.differences:
            if each not in known:
                _log.error("the ledger differs", configuration=each.configuration, detail=str(each))
        for node in self.comparison.ahead:
            if node not in known:
                _log.error("a node is ahead of the ledger", configuration=node.configuration, detail=str(node))

    async def _ledger(self) -> LedgerHeads:
        answer = await self._client.get(self._url)
        answer.raise_for_status()
        told = _Answer.model_validate_json(answer.content)
        return LedgerHeads(
            told.epoch, {each.configuration: Reference(each.version, each.digest) for each in told.items}
        )
