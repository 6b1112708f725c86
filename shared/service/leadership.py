"""Leadership: of the processes of a service one does the work that only one may do; the others wait to take over.

The leader keeps a lease in the database. It stops by itself before the lease can be another's; whatever it still writes is refused
then. One that ends in good order gives the lease up, and one that is known to have ended is not waited for.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from shared.process.identity import has_ended, own_identity
from shared.process.logs import get_logger
from shared.process.tasks import Loop
from shared.storage.database import Read, Transactions
from shared.storage.leases import Fenced, Holder, Lease, LeaseLostError

KEEPS = 4
"""How often a lease is kept within its time."""
GIVE_UP_SECONDS = 0.4
"""A process that ends has no more time than that."""
_log = get_logger(__name__)


def _nothing() -> Mapping[str, Any]:
    return {}


class Leadership:
    """`name`: what people call this process; `said`: what the leader says of its work, which the others pass on; `identity`: of
    this process, its own if none is given."""

    def __init__(
        self, database: Transactions, lease: Lease, name: str, said: Callable[[], Mapping[str, Any]] = _nothing,
        identity: str = "",
    ) -> None:  # fmt: skip
        self.holder, self._database, self._lease = Holder(identity or own_identity(), name), database, lease
        self._said = said
        self._term: int | None = None
        self._kept = 0.0

    @property
    def is_leading(self) -> bool:
        """Whether this process leads."""
        return self._term is not None

    @property
    def fenced(self) -> Fenced:
        """The database for what the leader alone writes."""
        return Fenced(self._database, self._require)

    async def lead(self, work: Loop) -> None:
        """Do the work whenever this process leads, for ever."""
        while True:
            await self._take()
            _log.info("leads", lease=self._lease.name, process=self.holder.name, term=self._term)
            try:
                await self._while_kept(work)
            except LeaseLostError as error:
                _log.warning("leads no longer", lease=self._lease.name, process=self.holder.name, why=str(error))
            finally:
                await self._give_up()

    async def _take(self) -> None:
        while self._term is None:
            began = time.monotonic()
            async with self._database.read() as tx:
                seen = await self._lease.seen(tx)
            gone = seen.holder.identity if seen and has_ended(seen.holder.identity) else None
            if seen is None or not seen.is_good or gone or seen.holder.identity == self.holder.identity:
                async with self._database.write(quiet=True) as write:
                    self._term = await self._lease.take(write, self.holder, gone)
            self._kept = began
            if self._term is None:
                await asyncio.sleep(self._lease.seconds / KEEPS)

    async def _while_kept(self, work: Loop) -> None:
        task, keeper = asyncio.ensure_future(work()), asyncio.ensure_future(self._keep())
        try:
            await asyncio.wait([task, keeper], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in (task, keeper):
                each.cancel()
            ended = await asyncio.gather(task, keeper, return_exceptions=True)
        for end in ended:
            if isinstance(end, Exception):
                raise end

    async def _keep(self) -> None:
        """Keep the lease; LeaseLostError a while before it may be another's."""
        while True:
            await asyncio.sleep(self._lease.seconds / KEEPS)
            began = time.monotonic()
            left = self._kept + self._lease.seconds * (1 - 1 / KEEPS) - began
            if left <= 0:
                raise LeaseLostError("the database took no sign of life in time")
            try:
                async with asyncio.timeout(left):
                    await self._keep_once()
            except LeaseLostError:
                raise
            except Exception as error:
                _log.debug("lease not kept", lease=self._lease.name, error=repr(error))
            else:
                self._kept = began

    async def _keep_once(self) -> None:
        async with self._database.write(quiet=True) as tx:
            await self._require(tx)
            assert self._term is not None
            await self._lease.keep(tx, self._term, self._said())

    async def _require(self, tx: Read) -> None:
        await self._lease.require(tx, self._term)

    async def _give_up(self) -> None:
        term, self._term = self._term, None
        with suppress(Exception):
            async with asyncio.timeout(GIVE_UP_SECONDS), self._database.write(quiet=True) as tx:
                if term is not None:
                    await self._lease.give_up(tx, term)
