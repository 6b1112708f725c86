"""The nodes: registered, listed, given another address, forgotten."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Path, Query

from services.distribution.api.dependencies import Because, Service, Who
from services.distribution.api.problems import NodeElsewhere, NodeExists, TooManyNodes
from services.distribution.node import Isolation, Node
from services.distribution.schemas import (
    HeldView,
    IsolationRequest,
    IsolationView,
    NodeAddress,
    NodeRegistration,
    Nodes,
    NodeView,
)
from services.distribution.service import NodeHoldings
from shared.contract.words import NodeName
from shared.web.application import Limit, new_router
from shared.web.keys import OPERATE
from shared.web.links import NEXT, linked
from shared.web.problems import NotFound, problems

router = new_router("nodes", prefix="/v1/nodes")
InPath = Annotated[NodeName, Path(description="Name of the node", examples=["node-that-is-gone"])]
NAME = {"name": "$response.body#/name"}


@router.get("", responses=linked(200, list_nodes={"after": NEXT}))
async def list_nodes(
    service: Service,
    after: Annotated[NodeName | None, Query(description="Only nodes with later names")] = None,
    limit: Limit = 1000,
) -> Nodes:
    """Registered nodes by name, with their breakers, and why the last visit failed; pass `next` as `after` to go on."""
    found = await service.nodes.page(after, limit)
    more = found[-1].node.name if len(found) == limit else None
    return Nodes(items=[_view(each) for each in found], next=more)


@router.post(
    "",
    status_code=201,
    dependencies=[OPERATE],
    responses=linked(201, move_node=NAME, remove_node=NAME, isolate_node=NAME, release_node=NAME)
    | problems(NodeExists, TooManyNodes, NodeElsewhere),
)
async def register_node(service: Service, node: NodeRegistration, who: Who) -> NodeRegistration:
    """Register a node; it gets every canonical version. A name that is taken by another address is refused, and a node that is
    known already stays as it is."""
    await service.nodes.add(Node(node.name, node.url), who, dry_run=node.dry_run)
    return node


@router.put("/{name}", dependencies=[OPERATE], responses=problems(NotFound, NodeElsewhere))
async def move_node(service: Service, name: InPath, address: NodeAddress, who: Who) -> NodeAddress:
    """Give a known node another address."""
    await service.nodes.move(Node(name, address.url), who)
    return address


@router.delete("/{name}", status_code=204, dependencies=[OPERATE], responses=problems(NotFound))
async def remove_node(service: Service, name: InPath, who: Who, reason: Because = None) -> None:
    """Forget a node; distributions no longer wait for it."""
    await service.nodes.remove(name, who, reason)


@router.post("/{name}/isolation", dependencies=[OPERATE], responses=problems(NotFound))
async def isolate_node(service: Service, who: Who, name: InPath, wanted: IsolationRequest) -> IsolationView:
    """Leave a node alone: it is neither visited nor ordered anything until it is released, and counts as one that lacks what it
    should hold."""
    isolation = Isolation(who.name, wanted.reason, datetime.now(UTC).isoformat())
    await service.nodes.isolate(name, isolation, who)
    return IsolationView.model_validate(isolation)


@router.delete("/{name}/isolation", status_code=204, dependencies=[OPERATE], responses=problems(NotFound))
async def release_node(service: Service, who: Who, name: InPath, reason: Because = None) -> None:
    """Visit a node again, at once; one that was not isolated too."""
    await service.nodes.release(name, who, reason)


def _view(each: NodeHoldings) -> NodeView:
    holds = {configuration: HeldView.model_validate(held) for configuration, held in each.holds.items()}
    return NodeView.model_validate({**vars(each.node), "holds": holds})
