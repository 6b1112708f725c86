"""The stream on a cluster of NATS servers, as its operator sees it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from nats.errors import Error

from local.addresses import SERVICES
from shared.messaging.permissions import STREAM
from tests.servers.installed import Installed


class Stream:
    """The bus as its operator sees it."""

    def __init__(self, installed: Installed) -> None:
        self._installed = installed

    def leader(self) -> str:
        """The name of the server that leads the stream."""
        return str(self._info().cluster.leader)

    def messages(self) -> int:
        """How many messages the stream ever took."""
        return int(self._info().state.last_seq)

    def pending(self) -> int:
        """How many messages some service has not taken yet, or has not acknowledged."""

        async def asked(context: Any) -> int:
            found = [await context.consumer_info(STREAM, name) for name in SERVICES]
            return sum(each.num_pending + each.num_ack_pending for each in found)

        return int(self._ask(asked))

    def whole(self) -> None:
        """Start the servers that are down, and wait until the stream has three copies that are up to date."""
        for server in self._installed.site.nats.servers:
            if not server.process.running:
                server.start()
        self._installed.wait(lambda: self._copies() == 3)

    def _copies(self) -> int:
        cluster = self._info().cluster
        return 1 + sum(bool(each.current) for each in cluster.replicas)

    def _info(self) -> Any:
        return self._ask(lambda context: context.stream_info(STREAM))

    def _ask(self, question: Callable[[Any], Awaitable[Any]]) -> Any:
        """The answer, asked for again while the servers find each other."""

        async def asked() -> Any:
            bus = self._installed.bus()
            try:
                return await question((await bus.connect()).jetstream())
            finally:
                await bus.close()

        def tried() -> Any:
            with suppress(Error, OSError, RuntimeError):
                return (asyncio.run(asked()),)

        return self._installed.wait(tried)[0]
