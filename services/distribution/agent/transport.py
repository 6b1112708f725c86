"""The seam of a transport: how the bytes of an order come to this machine."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from services.distribution.agent.part import Part
from services.distribution.agent.schemas import FetchProgress, ModelOrder


class Transport(Protocol):
    """One way of fetching. It verifies nothing that the store does not verify again: bytes count by their SHA-256 alone."""

    @property
    def port(self) -> int | None:
        """Where other nodes find this one, if they can."""

    async def start(self, held: Collection[str]) -> None:
        """Begin; the node holds models with these digests."""

    async def fetch(self, order: ModelOrder, part: Part, progress: FetchProgress) -> None:
        """Fill a part, of which some bytes may be there, and tell how far it is. StoreError, OSError or httpx.HTTPError if that
        fails; what arrived stays for the next order."""

    async def retain(self, digests: Collection[str]) -> None:
        """These are the models of the node now; whatever is here of others can go."""

    async def close(self) -> None:
        """End; what has arrived stays."""
