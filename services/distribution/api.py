"""Routes of the distribution service: HTTP in, HTTP out."""

from __future__ import annotations

import asyncio
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import FileResponse
from pydantic import ValidationError

from services.distribution import ledger, repository
from services.distribution.breaker import BreakerState
from services.distribution.daemon import UnifiedDistributionDaemon
from services.distribution.delivery import DeliveryState, Head, Node
from services.distribution.schemas import (
    Availability,
    ConfigurationProgress,
    DaemonStatus,
    DeliveryList,
    DeliveryView,
    DistributeModel,
    DistributionAccepted,
    ModelDistribution,
    NodeList,
    NodeName,
    NodeProgress,
    NodeRegistration,
    NodeView,
    Status,
)
from shared.contract.configuration import ConfigurationKey
from shared.contract.events import Digest
from shared.service.frame import ServiceFrame
from shared.storage.artifacts import ArtifactStore
from shared.storage.database import Write
from shared.web.application import json_body
from shared.web.problems import Problem, problem_responses


class ArtifactResponse(FileResponse):
    """A file in large chunks: a third less processor time for each byte than with the default size."""

    chunk_size = 1024 * 1024


def distribution_router(
    frame: ServiceFrame, store: ArtifactStore, daemon: UnifiedDistributionDaemon
) -> APIRouter:  # fmt: skip
    """Artifacts, nodes, deliveries and the runbook's routes."""
    router = APIRouter()

    @router.head("/v1/artifacts/{digest}", include_in_schema=False)
    @router.get(
        "/v1/artifacts/{digest}",
        tags=["artifacts"],
        response_class=ArtifactResponse,
        responses=problem_responses(404, 422),
    )
    async def get_artifact(digest: Annotated[Digest, Path()]) -> ArtifactResponse:
        """A model file by the SHA-256 of its bytes; honours Range."""
        artifact = await asyncio.to_thread(store.find, digest)
        if artifact is None:
            raise Problem(404, "not-found", f"there is no artifact {digest}")
        headers = {"ETag": f'"{digest}"', "Cache-Control": "public, max-age=31536000, immutable"}
        return ArtifactResponse(artifact.path, media_type="application/octet-stream", headers=headers)

    @router.post(
        "/admin/distribute-model", status_code=202, tags=["deliveries"], openapi_extra=json_body(DistributeModel),
        responses=problem_responses(404, 409, 422),
    )  # fmt: skip
    async def distribute_model(request: Request) -> DistributionAccepted:
        """Deliver the canonical version of a configuration again, to every node, at once."""
        try:
            wanted = DistributeModel.model_validate_json(await request.body())
        except ValidationError as error:
            raise Problem(422, "invalid-request", "; ".join(each["msg"] for each in error.errors())) from None
        daemon.retry_now()
        async with frame.database.write() as tx:
            head = await _wanted_head(tx, wanted, store)
            await repository.reopen_deliveries(tx, head)
            nodes = await ledger.begin(tx, frame.outbox, head)
        return DistributionAccepted(
            configuration=head.configuration, version=head.version, digest=head.digest, nodes=nodes
        )

    @router.get("/v1/nodes", tags=["nodes"])
    async def list_nodes() -> NodeList:
        """Every registered node."""
        states = daemon.breakers
        async with frame.database.read() as tx:
            rows = await repository.list_nodes(tx)
        return NodeList(
            items=[
                NodeView(
                    name=row.name, url=row.url, registered_at=row.registered_at, reported_at=row.reported_at,
                    unreached=row.unreached, breaker=states.get(row.name, row.breaker or BreakerState.CLOSED),
                )
                for row in rows
            ]
        )  # fmt: skip

    @router.post("/v1/nodes", status_code=201, tags=["nodes"], responses=problem_responses(422))
    async def register_node(node: NodeRegistration) -> NodeRegistration:
        """Register a node, or give a known one another address; it gets every canonical version."""
        async with frame.database.write() as tx:
            await repository.register_node(tx, Node(node.name, node.url))
        return node

    @router.delete("/v1/nodes/{name}", status_code=204, tags=["nodes"], responses=problem_responses(404, 422))
    async def remove_node(name: NodeName) -> None:
        """Forget a node; distributions no longer wait for it."""
        async with frame.database.write() as tx:
            found = await repository.remove_node(tx, name)
        if not found:
            raise Problem(404, "not-found", f"there is no node {name}; GET /v1/nodes lists them")

    @router.get("/v1/deliveries", tags=["deliveries"], responses=problem_responses(422))
    async def list_deliveries(
        configuration: ConfigurationKey | None = None, limit: Annotated[int, Query(ge=1, le=1000)] = 200
    ) -> DeliveryList:
        """Deliveries of every version, newest version first."""
        async with frame.database.read() as tx:
            rows = await repository.list_deliveries(tx, configuration, limit)
        return DeliveryList(items=[DeliveryView.model_validate(row) for row in rows])

    @router.get(
        "/v1/configurations/{configuration}/availability", tags=["deliveries"], responses=problem_responses(404, 422)
    )
    async def get_availability(configuration: Annotated[ConfigurationKey, Path()]) -> dict[str, Availability]:
        """Which nodes hold the canonical version, each by its own report; one that cannot be asked is not said to."""
        async with frame.database.read() as tx:
            head = await repository.head_of(tx, configuration)
            nodes = await repository.list_nodes(tx)
            if head is None:
                raise _nothing_promoted(configuration)
            states = await repository.node_states(tx, configuration, head.version)
        answer: dict[str, Availability] = {}
        for row in nodes:
            held = row.report.get(configuration, {})
            reason = row.unreached or states[row.name]
            answer[row.name] = Availability(
                has_model=reason is None and held.get("digest") == head.digest,
                version=held.get("version"), digest=held.get("digest"), reason=reason, reported_at=row.reported_at,
            )  # fmt: skip
        return answer

    @router.get("/status", tags=["status"])
    async def get_status() -> Status:
        """Every configuration's distribution, the daemon and its breakers, and the nodes that answer."""
        async with frame.database.read() as tx:
            heads = await repository.heads(tx)
            rows = await repository.current_deliveries(tx)
            nodes = await repository.list_nodes(tx)
        progress: dict[str, dict[str, NodeProgress]] = {head.configuration: {} for head in heads}
        for row in rows:
            progress[row.configuration][row.node] = NodeProgress(
                state=row.state, bytes_done=row.bytes_done, size=row.size, updated_at=row.updated_at,
                detail=row.detail if row.state == DeliveryState.DELIVERED else row.unreached or row.detail,
            )  # fmt: skip
        configurations = {
            head.configuration: _progress(head, progress[head.configuration], len(nodes)) for head in heads
        }
        alive = [urlsplit(row.url).hostname or "" for row in nodes if row.reported_at and row.unreached is None]
        state = DaemonStatus(status=daemon.status, last_pass_at=daemon.last_pass_at, breakers=daemon.breakers)
        return Status(
            model_distribution=ModelDistribution(configurations=configurations), daemon=state, alive_peers=alive
        )

    return router


def _progress(head: Head, nodes: dict[str, NodeProgress], known: int) -> ConfigurationProgress:
    delivered = sum(node.state is DeliveryState.DELIVERED for node in nodes.values())
    return ConfigurationProgress(
        version=head.version, digest=head.digest, nodes=nodes, complete=0 < known == delivered
    )  # fmt: skip


def _nothing_promoted(configuration: str | None) -> Problem:
    return Problem(404, "not-found", f"no version of {configuration} was promoted, so there is nothing to distribute")


async def _wanted_head(tx: Write, wanted: DistributeModel, store: ArtifactStore) -> Head:
    assert wanted.configuration is not None
    head = await repository.head_of(tx, wanted.configuration)
    if wanted.version is not None and wanted.digest is not None and (head is None or head.version < wanted.version):
        artifact = await asyncio.to_thread(store.find, wanted.digest)
        if artifact is None:
            raise Problem(404, "not-found", f"there is no artifact {wanted.digest}; take the file in first")
        head = Head(wanted.configuration, wanted.version, wanted.digest, artifact.size)
        await repository.raise_head(tx, head)
    if head is None:
        raise _nothing_promoted(wanted.configuration)
    if wanted.version not in (None, head.version) or wanted.digest not in (None, head.digest):
        detail = f"the canonical version of {head.configuration} is {head.version} with digest {head.digest}"
        raise Problem(409, "not-canonical", f"{detail}; only that one can be distributed")
    return head
