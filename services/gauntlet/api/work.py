"""Work for workers on other machines: games are claimed, reported, given back."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path, Query, Request, Response

from services.gauntlet.api.problems import ClaimOver, DifferentGame, ProtocolUnsupported, ReportRefused
from services.gauntlet.dispatcher import Dispatcher
from services.gauntlet.worker.work import PROTOCOL, Work, WorkAnswer, WorkFailure, WorkReport, WorkWish
from shared.contract.trace import HEADER
from shared.contract.words import NOBODYS_ID, STORABLE
from shared.web.application import new_router
from shared.web.keys import PLAY
from shared.web.links import linked
from shared.web.problems import problems
from shared.web.waiting import while_there

LEADS_TO = {name: {"claim_id": "$response.body#/claim_id"} for name in ("report_work", "fail_work", "give_work_back")}
router = new_router("work", prefix="/v1/work", needs=PLAY)


async def dispatcher_of(request: Request) -> Dispatcher:
    """Who hands out work."""
    dispatcher: Dispatcher = request.app.state.dispatcher
    return dispatcher


ClaimId = Annotated[UUID, Path(description="Of the claim", examples=[NOBODYS_ID])]
Workers = Annotated[Dispatcher, Depends(dispatcher_of)]
Why = Annotated[
    str | None,
    Query(
        min_length=1, max_length=500, pattern=STORABLE, description="What the worker lacks at this moment: memory, room",
        examples=["60 MiB of memory are free, and the models need 128 MiB"],
    ),
]  # fmt: skip


@router.post(
    "/claims",
    dependencies=[PLAY],
    status_code=201,
    responses=linked(201, **LEADS_TO) | {204: {"description": "No work"}} | problems(ProtocolUnsupported),
)
async def claim_work(dispatcher: Workers, body: WorkWish, request: Request, response: Response) -> Work | None:
    """Games for a worker to play: 201 with a claim, 204 if there were none for as long as it waits."""
    if not body.oldest_protocol <= PROTOCOL <= body.newest_protocol:
        raise ProtocolUnsupported(
            f"this service speaks protocol {PROTOCOL}, the worker {body.oldest_protocol} to {body.newest_protocol}"
        )
    work = await while_there(request, dispatcher.claim(body))
    if work is None:
        response.status_code = 204
        return None
    response.headers["Location"] = f"/v1/work/claims/{work.claim_id}"
    if work.traceparent is not None:
        response.headers[HEADER] = work.traceparent
    return work


@router.put("/claims/{claim_id}", dependencies=[PLAY], responses=problems(ClaimOver, ReportRefused, DifferentGame))
async def report_work(dispatcher: Workers, claim_id: ClaimId, body: WorkReport) -> WorkAnswer:
    """What came of a claim since the last report; an empty one is a sign of life. The same report again changes nothing."""
    return await dispatcher.report(claim_id, body)


@router.post("/claims/{claim_id}/failure", dependencies=[PLAY], status_code=204, responses=problems(ClaimOver))
async def fail_work(dispatcher: Workers, claim_id: ClaimId, body: WorkFailure) -> None:
    """The claim cannot be carried out. If its worker died, another one tries; else the evaluation ends without evidence."""
    await dispatcher.fail(claim_id, body)


@router.delete("/claims/{claim_id}", dependencies=[PLAY], status_code=204)
async def give_work_back(dispatcher: Workers, claim_id: ClaimId, reason: Why = None) -> None:
    """The worker ends, or cannot play it now; its games are free at once."""
    await dispatcher.give_back(claim_id, reason)
