"""Nodes and what each holds of every configuration, and leaving one alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Query, Request, Response

from services.promotion.cluster_client import ClusterNode
from services.promotion.console.cluster_words import holding, lacks, node_state
from services.promotion.console.forms import Form
from services.promotion.console.reasons import reason_in
from services.promotion.console.rendering import Part, Seen, fill, fragment, page
from services.promotion.console.routes import new_pages, see
from services.promotion.console.visit import Visit, require_right
from services.promotion.errors import UnknownError
from shared.contract.words import NodeName
from shared.web.keys import OPERATE, actor

router = new_pages()
AT_ONCE, MOST_AT_ONCE = 100, 1000
WORDS: dict[str, Any] = {"node_state": node_state, "holding": holding, "lacks": lacks}
LEFT_ALONE = [
    "It is neither visited nor told anything until somebody releases it; what it holds, it keeps and plays.",
    "It counts as a node that lacks what it should hold: distributions wait for it, and alerts name it.",
]
VISITED = ["It is visited at once, and fetches every canonical version that it lacks."]
After = Annotated[NodeName | None, Query()]


@router.get("/nodes")
async def nodes_page(request: Request, after: After = None, lacking: bool = False, seen: Seen = None) -> Response:
    """Nodes by name; with `lacking` only those that do not hold what they should. With `seen` the part that changes."""
    shown, more = await _shown(request, after, lacking=lacking)
    told: dict[str, Any] = {"nodes": shown, "next": more, "lacking": lacking, "after": after, **WORDS}
    told["configurations"] = sorted({name for node in shown for name in node.holds})
    visit, asked = Visit.of(request), {"after": after or "", "lacking": str(lacking).lower()}
    part = Part(
        f"/nodes?{urlencode({name: each for name, each in asked.items() if each})}",
        fill("nodes_part.html", visit, **told),
    )
    if seen is not None:
        return fragment(visit, part, seen)
    return page(request, "nodes.html", part=part.html(visit), **told)


@router.get("/nodes/{name}")
async def node_page(request: Request, name: NodeName) -> Response:
    """One node."""
    return page(request, "node.html", node=await _node(request, name), **WORDS)


@router.get("/nodes/{name}/isolate")
async def ask_to_isolate(request: Request, name: NodeName) -> Response:
    """What leaving it alone means."""
    return await _ask(request, name, f"Leave node {name} alone", LEFT_ALONE, "isolate")


@router.get("/nodes/{name}/release")
async def ask_to_release(request: Request, name: NodeName) -> Response:
    """What releasing it means."""
    return await _ask(request, name, f"Release node {name}", VISITED, "release")


@router.post("/nodes/{name}/isolate", dependencies=[OPERATE])
async def isolate(request: Request, name: NodeName, form: Form) -> Response:
    """Leave it alone."""
    require_right(request, "operate")
    await request.app.state.cluster.isolate(name, await actor(request), reason_in(form))
    return see(request, f"/nodes/{name}")


@router.post("/nodes/{name}/release", dependencies=[OPERATE])
async def release(request: Request, name: NodeName, form: Form) -> Response:
    """Visit it again."""
    require_right(request, "operate")
    await request.app.state.cluster.release(name, await actor(request), reason_in(form))
    return see(request, f"/nodes/{name}")


async def _ask(request: Request, name: str, title: str, consequences: list[str], verb: str) -> Response:
    require_right(request, "operate")
    await _node(request, name)
    back = f"/nodes/{name}"
    asked: dict[str, Any] = {"title": title, "consequences": consequences, "action": f"{back}/{verb}", "back": back}
    return page(request, "act.html", **asked, grave=verb == "isolate", fields={})


async def _shown(request: Request, after: str | None, *, lacking: bool) -> tuple[list[ClusterNode], str | None]:
    if not lacking:
        found = await request.app.state.cluster.nodes(after, AT_ONCE)
        return found.items, found.next
    return [node async for node in _all(request) if node_state(node).tone != "good"][:MOST_AT_ONCE], None


async def _node(request: Request, name: str) -> ClusterNode:
    async for node in _all(request):
        if node.name == name:
            return node
    raise UnknownError(f"there is no node {name}")


async def _all(request: Request) -> AsyncIterator[ClusterNode]:
    """Every node, by name."""
    after: str | None = None
    while True:
        found = await request.app.state.cluster.nodes(after, MOST_AT_ONCE)
        for node in found.items:
            yield node
        if (after := found.next) is None:
            return
