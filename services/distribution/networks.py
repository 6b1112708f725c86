"""In which networks nodes may be. What was looked at is what is connected to, so that no name stands for two addresses."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from urllib.parse import urlsplit

from services.distribution.errors import NodeElsewhereError
from services.distribution.resolver import Resolver

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Networks:
    """`allowed`: where nodes may be; none for everywhere."""

    def __init__(self, allowed: Sequence[Network], resolver: Resolver) -> None:
        self._allowed, self._resolver = allowed, resolver

    async def address(self, url: str) -> str | None:
        """The address to connect to for an agent's; None where that is anybody's to choose. NodeElsewhereError if it has none in
        these networks."""
        if not self._allowed:
            return None
        host = urlsplit(url).hostname or ""
        found = await self._resolver.addresses(host)
        allowed = next((address for address in found if self._has(address)), None)
        if allowed is None:
            said = f"{host} is {', '.join(found)}" if found else f"{host} cannot be resolved"
            raise NodeElsewhereError(f"{said}; nodes may be in {', '.join(map(str, self._allowed))} alone")
        return allowed

    def _has(self, text: str) -> bool:
        address = ipaddress.ip_address(text)
        mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
        return any((mapped or address) in network for network in self._allowed)
