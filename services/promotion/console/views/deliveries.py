"""How a canonical version gets to the nodes: asked for again until every node holds it."""

from __future__ import annotations

from fastapi import Request, Response

from services.promotion.api.dependencies import KnownConfiguration
from services.promotion.console.desk import Model
from services.promotion.console.glance import has_it
from services.promotion.console.read_model import ReadModel
from services.promotion.console.rendering import Part, Seen, fill, fragment, page
from services.promotion.console.routes import new_pages
from services.promotion.console.visit import Visit

router = new_pages()


@router.get("/deliveries/{configuration}/{version}")
async def deliveries(request: Request, model: Model, configuration: KnownConfiguration, version: int) -> Response:
    """Each node's progress with a version."""
    visit = Visit.of(request)
    part = await _part(visit, model, configuration, version)
    return page(request, "deliveries.html", configuration=configuration, version=version, part=part.html(visit))


@router.get("/deliveries/{configuration}/{version}/part")
async def deliveries_part(
    request: Request, model: Model, configuration: KnownConfiguration, version: int, seen: Seen = None
) -> Response:
    """What of it changes."""
    visit = Visit.of(request)
    return fragment(visit, await _part(visit, model, configuration, version), seen)


async def _part(visit: Visit, model: ReadModel, configuration: str, version: int) -> Part:
    status = await model.status()
    progress = status.model_distribution.configurations.get(configuration)
    head = status.promotion_status.configurations.get(configuration)
    is_newest = head is not None and head.version == version
    nodes = progress.nodes if progress and progress.version == version else {}
    there = sum(map(has_it, nodes.values()))
    content = fill(
        "deliveries_part.html", visit, head=head, is_newest=is_newest, version=version, has_it=has_it, there=there,
        spread=status.model_distribution, progress=progress, nodes=dict(sorted(nodes.items())),
    )  # fmt: skip
    done = bool(nodes) and there == len(nodes)
    return Part(
        f"/deliveries/{configuration}/{version}/part", content, done or (head is not None and head.version > version)
    )
