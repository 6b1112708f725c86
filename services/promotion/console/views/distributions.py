"""Distributions: how far each version is on its way to the nodes, and a person's word on it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Query, Request, Response

from services.promotion.console.cluster_words import Move, delivery_state, distribution_state, moves, progress
from services.promotion.console.forms import Form
from services.promotion.console.reasons import reason_in
from services.promotion.console.rendering import Part, Seen, fill, fragment, page
from services.promotion.console.routes import new_pages, see
from services.promotion.console.visit import Visit, require_right
from services.promotion.errors import UnknownError
from shared.contract.words import ConfigurationKey
from shared.web.keys import OPERATE, actor

router = new_pages()
AT_ONCE = 50
KEY_PATTERN, LONGEST_KEY = r"^[a-z][A-Za-z0-9_~-]{0,102}:[1-9][0-9]{0,8}$", 114
Key = Annotated[str, Path(max_length=LONGEST_KEY, pattern=KEY_PATTERN)]
WORDS: dict[str, Any] = {
    "delivery_state": delivery_state,
    "distribution_state": distribution_state,
    "progress": progress,
    "moves": moves,
}


@router.get("/distributions")
async def distributions_page(
    request: Request,
    configuration: ConfigurationKey | None = None,
    after: Annotated[str | None, Query(max_length=LONGEST_KEY, pattern=KEY_PATTERN)] = None,
) -> Response:
    """Distributions by configuration, newest version first."""
    found = await request.app.state.cluster.distributions(configuration, after, AT_ONCE)
    return page(
        request, "distributions.html", items=found.items, next=found.next, configuration=configuration, **WORDS
    )  # fmt: skip


@router.get("/distributions/{known}")
async def distribution_page(request: Request, known: Key, seen: Seen = None) -> Response:
    """One distribution with every node. With `seen` the part that changes."""
    found = await request.app.state.cluster.distribution(known)
    visit = Visit.of(request)
    content = fill("distribution_part.html", visit, each=found, **WORDS)
    part = Part(f"/distributions/{known}", content, is_over=found.completed_at is not None)
    if seen is not None:
        return fragment(visit, part, seen)
    return page(request, "distribution.html", each=found, part=part.html(visit))


@router.get("/distributions/{known}/{verb}")
async def ask_to_steer(request: Request, known: Key, verb: str) -> Response:
    """What it means."""
    require_right(request, "operate")
    move = await _move(request, known, verb)
    back = f"/distributions/{known}"
    return page(
        request, "act.html", title=move.title, consequences=move.consequences, action=f"{back}/{verb}",
        back=back, grave=move.is_grave, fields={},
    )  # fmt: skip


@router.post("/distributions/{known}/{verb}", dependencies=[OPERATE])
async def steer(request: Request, known: Key, verb: str, form: Form) -> Response:
    """Do it, if it may still be done."""
    require_right(request, "operate")
    move = await _move(request, known, verb)
    await request.app.state.cluster.steer(known, move.verb, await actor(request), reason_in(form))
    return see(request, f"/distributions/{known}")


async def _move(request: Request, known: str, verb: str) -> Move:
    found = await request.app.state.cluster.distribution(known)
    for move in moves(found):
        if move.verb == verb:
            return move
    raise UnknownError(f"{known} cannot be told to {verb} now: {distribution_state(found).words}")
