"""What the distribution service needs to take part in the swarm, by its settings and by what is installed."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from services.distribution.offers import NoOffers, Offers, SwarmOffers
from services.distribution.resolver import Resolver
from services.distribution.settings import DistributionSettings
from services.distribution.swarm import SwarmNodes
from services.distribution.torrents import Torrents
from shared.process.logs import get_logger
from shared.storage.artifacts import ArtifactStore

if TYPE_CHECKING:
    from services.distribution.seed import Seed

_log = get_logger(__name__)


class SwarmParts(NamedTuple):
    """What nodes are offered, the torrents, and what gives; the latter two None where everything goes over HTTP."""

    offers: Offers
    torrents: Torrents | None = None
    seed: Seed | None = None

    async def close(self) -> None:
        """Give no more."""
        if self.seed is not None:
            await self.seed.close()


def swarm_parts(settings: DistributionSettings, store: ArtifactStore, resolver: Resolver) -> SwarmParts:
    """The parts, where the swarm is wanted and libtorrent is installed; otherwise none, which is said."""
    if settings.distribution_transport == "http":
        return SwarmParts(NoOffers())
    try:
        from services.distribution.agent.swarm.session import Limits
        from services.distribution.agent.swarm.torrent import make_torrent
        from services.distribution.seed import Seed
    except ImportError as error:
        _log.info("no swarm", error=str(error), instead="models go over HTTP", install="ringrift-suite[swarm]")
        return SwarmParts(NoOffers())
    torrents = Torrents(make_torrent)
    seed = Seed(Limits(settings.host, settings.seed_port, settings.seed_connections, settings.seed_bytes, 0))
    host = settings.seed_address or urlsplit(settings.distribution_url).hostname or settings.host
    nodes = SwarmNodes(random.Random())
    offers = SwarmOffers(nodes, store, torrents, seed, resolver, host, settings.swarm_smallest_bytes)
    return SwarmParts(offers, torrents, seed)
