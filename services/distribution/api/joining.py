"""Agents that register themselves as nodes."""

from __future__ import annotations

from fastapi import Request

from services.distribution.agent.schemas import JoinRequest
from services.distribution.api.dependencies import Service
from services.distribution.api.problems import NodeDeleted, NodeDoubled, NodeElsewhere, TooManyNodes
from services.distribution.joining import Joining
from services.distribution.schemas import JoinAnswer, NodeRegistration
from shared.web.application import new_router
from shared.web.keys import JOIN
from shared.web.problems import problems

router = new_router("nodes", prefix="/v1/nodes", needs=JOIN)


@router.post("/join", dependencies=[JOIN], responses=problems(NodeDeleted, NodeDoubled, TooManyNodes, NodeElsewhere))
async def join(service: Service, request: Request, asked: JoinRequest) -> JoinAnswer:
    """An agent says which node it is, on its first start and every minute or so; without `url` it is at the address that it asks
    from. A name or an instance id of another agent that answers is refused, and so is a node that an operator deleted."""
    url = asked.url or f"http://{_host(request)}:{asked.port}"
    node = NodeRegistration(name=asked.name, url=url)
    joining = Joining(node.name, node.url, asked.instance, asked.labels, asked.plays)
    admission = await service.nodes.join(joining, dry_run=asked.dry_run)
    return JoinAnswer(name=node.name, url=node.url, state=admission)


def _host(request: Request) -> str:
    host = request.client.host if request.client else "127.0.0.1"
    return f"[{host}]" if ":" in host else host
