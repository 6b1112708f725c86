"""Verifies the audit now and again, so that somebody is told of what was changed before they ask. Changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from prometheus_client import Gauge

from shared.contract.audit_chain import Chains
from shared.process.logs import get_logger

PAUSE_SECONDS = 3600.0
FAULTS = Gauge(
    "ringrift_audit_faults", "Rows of the audit that are not what was written, and versions without their row"
)
_log = get_logger(__name__)


@dataclass(frozen=True)
class AuditWatch:
    """`verify`: the whole audit."""

    verify: Callable[[], Awaitable[Chains]]

    async def follow(self) -> None:
        """Look for ever."""
        while True:
            await self.look()
            await asyncio.sleep(PAUSE_SECONDS)

    async def look(self) -> None:
        """Look once."""
        chains = await self.verify()
        FAULTS.set(len(chains.faults) + chains.more_faults)
        for fault in chains.faults:
            _log.error("the audit was changed", configuration=fault.configuration, kind=fault.kind, detail=fault.detail)
