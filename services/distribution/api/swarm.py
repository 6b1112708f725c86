"""What nodes need to fetch from each other: the torrent of an artifact, and whom to speak with."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Response

from services.distribution.api.dependencies import Service
from services.distribution.schemas import SwarmAddresses
from shared.contract.words import Digest
from shared.web.application import new_router
from shared.web.keys import NODE
from shared.web.problems import NotFound, problems

router = new_router("artifacts", prefix="/v1", needs=NODE)
TORRENT: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A torrent file",
        "content": {"application/x-bittorrent": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.get("/artifacts/{digest}/torrent", response_class=Response, responses=TORRENT | problems(NotFound))
async def read_torrent(service: Service, digest: Annotated[Digest, Path()]) -> Response:
    """The torrent of a model file: private, BitTorrent v2, the file named by its digest. Not found where this service takes no part
    in the swarm."""
    return Response(await service.torrent(digest), media_type="application/x-bittorrent")


@router.get("/swarm/addresses")
async def read_swarm_addresses(service: Service) -> SwarmAddresses:
    """The addresses of the registered nodes."""
    return SwarmAddresses(addresses=await service.nodes.swarm_addresses())
