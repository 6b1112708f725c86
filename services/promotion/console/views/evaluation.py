"""One evaluation, live: how the interval of each win rate closes in on its threshold, what is left, what it costs, what follows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

from fastapi import Depends, Request, Response
from fastapi.responses import StreamingResponse
from markupsafe import Markup

from services.promotion.console.desk import Desk, Model
from services.promotion.console.live import Frame, Live
from services.promotion.console.read_model import ReadModel
from services.promotion.console.rendering import NEVER_KEPT, fill, page
from services.promotion.console.routes import new_pages
from services.promotion.console.session import NOBODY
from services.promotion.console.visit import Visit
from services.promotion.errors import GauntletUnreachableError
from services.promotion.gauntlet_reader import SeenDetail, SeenPoint
from services.promotion.repository import DecisionRow
from shared.contract.configuration import Configuration
from shared.contract.words import EvaluationState
from shared.web.streams import Streams

router = new_pages()
LOOK_SECONDS = 2.0
JUDGED_WITHIN = timedelta(minutes=1)
"""For so long after its end an evaluation's page waits for the decision."""


@router.get("/evaluations/{evaluation_id}")
async def evaluation(request: Request, model: Model, evaluation_id: UUID) -> Response:
    """An evaluation; while it is played the page follows it."""
    seen, decided = await _found(model, evaluation_id)
    part = await _part(Visit.of(request), model, seen, decided)
    return page(request, "evaluation.html", seen=seen, part=part, is_live=not _is_over(seen, decided))


async def place(request: Request) -> AsyncIterator[None]:
    """A place among the live pages; refused before the stream begins if there is none."""
    streams: Streams = request.app.state.desk.streams
    with streams.one():
        yield


@router.get("/evaluations/{evaluation_id}/live", dependencies=[Depends(place)])
async def evaluation_live(request: Request, model: Model, evaluation_id: UUID) -> Response:
    """The part of the page that changes, at every change, as server-sent events."""
    await model.evaluation(evaluation_id)
    desk: Desk = request.app.state.desk
    visit = replace(Visit.of(request), session=NOBODY, token="")
    live = desk.live.setdefault("evaluation", Live(partial(_look, visit, model), LOOK_SECONDS))
    return StreamingResponse(live.follow(str(evaluation_id)), media_type="text/event-stream", headers=NEVER_KEPT)


async def _look(visit: Visit, model: ReadModel, name: str) -> Frame:
    """What every page of that evaluation shows now: it offers nothing that one person may do and another may not."""
    seen, decided = await _found(model, UUID(name))
    return Frame(await _part(visit, model, seen, decided), _is_over(seen, decided))


async def _found(model: ReadModel, evaluation_id: UUID) -> tuple[SeenDetail, list[DecisionRow]]:
    return await model.evaluation(evaluation_id), await model.service.decisions.of_evaluation(evaluation_id)


async def _part(visit: Visit, model: ReadModel, seen: SeenDetail, decided: list[DecisionRow]) -> Markup:
    points = await _points(model, seen)
    num_players = Configuration.parse(seen.configuration).num_players
    return fill(
        "evaluation_part.html", visit, seen=seen, decided=decided, points=points, num_players=num_players,
        left=_left(seen), workers=sum(each.workers for each in seen.opponents),
    )  # fmt: skip


async def _points(model: ReadModel, seen: SeenDetail) -> dict[str, list[SeenPoint]]:
    """How the intervals closed, by opponent; where that is not told in time the page goes without."""
    try:
        return {each.opponent: each.points for each in (await model.courses(seen)).items}
    except GauntletUnreachableError:
        return {}


def _left(seen: SeenDetail) -> float | None:
    """The seconds that all games that are left take, where they are known."""
    known = [each.seconds_left for each in seen.opponents if each.seconds_left is not None]
    return sum(known) if known and seen.is_open else None


def _is_over(seen: SeenDetail, decided: list[DecisionRow]) -> bool:
    """Whether nothing on its page will change any more."""
    if seen.is_open:
        return False
    long_ago = seen.ended_at is None or datetime.now(UTC) - seen.ended_at > JUDGED_WITHIN
    return bool(decided) or seen.state is EvaluationState.FAILED or long_ago
