"""The distribution service's part in a distribution, without its database: it gives an artifact, makes offers and orders nodes.

`python -m tests.benchmarks.origin SPEC` with a JSON of what to do; it says `ready` once every node has answered, and orders them
when it reads a line. Everything that sends or receives is the service's own.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path as File
from typing import Annotated, Any

import uvicorn
from fastapi import FastAPI, Path, Response

from services.distribution.agent.signature import OrderSigner
from services.distribution.daemon import NodeFaultError
from services.distribution.delivery import Head
from services.distribution.node import Node
from services.distribution.node_client import AgentClient
from services.distribution.resolver import Resolver
from services.distribution.settings import DistributionSettings
from services.distribution.swarm_parts import swarm_parts
from shared.process.http_client import new_client
from shared.storage.artifact_folder import ArtifactFolder
from shared.web.artifact_file import ArtifactResponse


async def main(spec: dict[str, Any]) -> None:
    """Serve until the input ends."""
    host, port = spec["host"], spec["port"]
    settings = DistributionSettings(
        database_url="postgresql+asyncpg://u:p@127.0.0.1/db", host=host, distribution_url=f"http://{host}:{port}",
        distribution_transport=spec["transport"], swarm_smallest_bytes=1 << 20,
    )  # fmt: skip
    store, resolver = ArtifactFolder(File(spec["artifacts"])), Resolver()
    parts = swarm_parts(settings, store, resolver)
    app = FastAPI()

    @app.get("/v1/artifacts/{digest}")
    async def artifact(digest: Annotated[str, Path()]) -> ArtifactResponse:
        file = await asyncio.to_thread(store.file, digest)
        assert file is not None
        return ArtifactResponse.of(file)

    @app.get("/v1/artifacts/{digest}/torrent")
    async def torrent(digest: Annotated[str, Path()]) -> Response:
        file = await asyncio.to_thread(store.file, digest)
        assert file is not None
        assert parts.torrents is not None
        return Response((await parts.torrents.of(file)).content)

    @app.get("/v1/swarm/addresses")
    async def addresses() -> dict[str, list[str]]:
        return {"addresses": [node.partition("//")[2].partition(":")[0] for node in spec["nodes"].values()]}

    server = uvicorn.Server(uvicorn.Config(app, host=host, port=port, log_config=None, access_log=False))
    serving = asyncio.create_task(server.serve())
    client = AgentClient(
        new_client(settings), store, settings.distribution_url, OrderSigner(spec["key"]), offers=parts.offers
    )  # fmt: skip
    nodes = [Node(name, url) for name, url in spec["nodes"].items()]
    await asyncio.gather(*(answered(client, node) for node in nodes))
    print("ready", flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        head = Head(**json.loads(line))
        await asyncio.gather(*(client.order(node, head) for node in nodes))
        print("ordered", flush=True)
    await parts.close()
    server.should_exit = True
    await serving


async def answered(client: AgentClient, node: Node) -> None:
    """Wait until a node reports."""
    while True:
        try:
            await client.report(node)
            return
        except NodeFaultError:
            await asyncio.sleep(0.5)


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
