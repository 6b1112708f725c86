"""Reads the ledger's canonical versions from the promotion service, now and again, and compares. Changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import httpx
from prometheus_client import Gauge
from pydantic import BaseModel, ValidationError

from services.distribution.delivery import Head
from services.distribution.ledger import LedgerComparison, Reference
from shared.contract.words import ConfigurationKey, Digest
from shared.process.logs import get_logger

ALLOWANCE_SECONDS = 5.0
"""Beside three reads of the feed: what a busy service needs to handle what they brought."""
DIFFERENCES = Gauge(
    "ringrift_ledger_differences",
    "Configurations of which the ledger names another version than the distribution service gives to the nodes",
)
_log = get_logger(__name__)


class _Canonical(BaseModel):
    configuration: ConfigurationKey
    version: int
    digest: Digest


class _Answer(BaseModel):
    items: list[_Canonical]


class LedgerWatch:
    """`url`: the promotion service; `heads`: what is desired here; `seconds`: between two reads, as of the feed."""

    def __init__(
        self, client: httpx.AsyncClient, url: str, heads: Callable[[], Awaitable[Sequence[Head]]], seconds: float
    ) -> None:
        self._client, self._url = client, f"{url.rstrip('/')}/v1/configurations"
        self._heads, self._seconds = heads, seconds
        self.comparison = LedgerComparison(timedelta(seconds=3 * seconds + ALLOWANCE_SECONDS))

    async def follow(self) -> None:
        """Compare for ever. A promotion service that is away is asked again later."""
        while True:
            await self.compare()
            await asyncio.sleep(self._seconds)

    async def compare(self) -> None:
        """Compare once."""
        known = self.comparison.differences
        try:
            ledger = await self._ledger()
        except (httpx.HTTPError, ValidationError) as error:
            self.comparison.missed(f"{self._url}: {error!r}"[:300])
            return
        self.comparison.compared(ledger, await self._heads(), datetime.now(UTC))
        DIFFERENCES.set(len(self.comparison.differences))
        for each in self.comparison.differences:
            if each not in known:
                _log.error("the ledger differs", configuration=each.configuration, detail=str(each))

    async def _ledger(self) -> Mapping[str, Reference]:
        answer = await self._client.get(self._url)
        answer.raise_for_status()
        items = _Answer.model_validate_json(answer.content).items
        return {each.configuration: Reference(each.version, each.digest) for each in items}
