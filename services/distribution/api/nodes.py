"""The nodes: registered, listed, forgotten."""

from __future__ import annotations

from services.distribution.api.dependencies import Service
from services.distribution.api.problems import TooManyNodes
from services.distribution.node import Node
from services.distribution.schemas import NodeList, NodeRegistration, NodeView
from shared.contract.words import NodeName
from shared.web.application import new_router
from shared.web.keys import OPERATE
from shared.web.problems import NotFound, problems

router = new_router("nodes", prefix="/v1/nodes")


@router.get("")
async def list_nodes(service: Service) -> NodeList:
    """Every registered node."""
    return NodeList(items=[NodeView.model_validate(node) for node in await service.nodes()])


@router.post("", status_code=201, dependencies=[OPERATE], responses=problems(TooManyNodes))
async def register_node(service: Service, node: NodeRegistration) -> NodeRegistration:
    """Register a node, or give a known one another address; it gets every canonical version."""
    await service.register(Node(node.name, node.url))
    return node


@router.delete("/{name}", status_code=204, dependencies=[OPERATE], responses=problems(NotFound))
async def remove_node(service: Service, name: NodeName) -> None:
    """Forget a node; distributions no longer wait for it."""
    await service.remove(name)
