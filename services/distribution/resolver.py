"""The addresses of hosts, remembered for a while. A host that cannot be resolved has none."""

from __future__ import annotations

import asyncio
import ipaddress
import time
from collections.abc import Callable, Iterable

REMEMBERED_SECONDS = 60.0


class Resolver:
    """`clock`: seconds, from any beginning."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: dict[str, tuple[float, tuple[str, ...]]] = {}

    async def addresses(self, host: str) -> tuple[str, ...]:
        """The addresses of a host, the one to use first; none if nobody knows it."""
        try:
            return (str(ipaddress.ip_address(host)),)
        except ValueError:
            pass
        at, known = self._known.get(host, (-REMEMBERED_SECONDS, ()))
        if self._clock() >= at + REMEMBERED_SECONDS:
            known = await _asked(host)
            self._known[host] = (self._clock(), known)
        return known

    async def all_addresses(self, hosts: Iterable[str]) -> list[str]:
        """The addresses of all of them, in order."""
        found = await asyncio.gather(*(self.addresses(host) for host in set(hosts)))
        return sorted({address for each in found for address in each})


async def _asked(host: str) -> tuple[str, ...]:
    try:
        answers = await asyncio.get_running_loop().getaddrinfo(host, None, type=1)
    except (OSError, UnicodeError):
        return ()
    return tuple(dict.fromkeys(str(answer[4][0]).partition("%")[0] for answer in answers))
