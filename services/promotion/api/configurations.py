"""A configuration's canonical version, its history, and going back in it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response
from pydantic import AwareDatetime

from services.promotion.api.dependencies import ChangedConfiguration, KnownConfiguration, SeenVersion, Service, Who, tag
from services.promotion.api.pages import AfterConfiguration, AllAtOnce, after_configuration
from services.promotion.api.problems import AlreadyCanonical, BytesMissing, Held, InvalidConfiguration, VersionMoved
from services.promotion.schemas import Canonical, Heads, RollbackRequest, Versions
from shared.contract.words import MOST_CONFIGURATIONS, MOST_VERSION
from shared.web.application import Limit, new_router
from shared.web.keys import OPERATE
from shared.web.links import NEXT, linked
from shared.web.problems import NotFound, problems

router = new_router("pointer", prefix="/v1/configurations/{configuration}")
heads_router = new_router("pointer", prefix="/v1/configurations")

ONWARDS = {"configuration": "$request.path.configuration", "before": NEXT}


@heads_router.get("", responses=linked(200, list_canonical={"after": NEXT}) | problems(InvalidConfiguration))
async def list_canonical(
    service: Service, after: AfterConfiguration = None, limit: AllAtOnce = MOST_CONFIGURATIONS
) -> Heads:
    """The canonical version of every configuration that has one, by their names; pass `next` as `after` to go on."""
    present = await service.pointer.heads()
    found = after_configuration(present.versions, after, limit)
    more = found[-1].configuration if len(found) == limit else None
    return Heads(epoch=present.epoch, items=[Canonical.of(each) for each in found], next=more)


@router.get("/canonical", responses=problems(NotFound, InvalidConfiguration))
async def read_canonical(
    service: Service,
    configuration: KnownConfiguration,
    response: Response,
    at: Annotated[
        AwareDatetime | None,
        Query(description="What was canonical at this moment", examples=["2026-01-31T12:00:00Z"]),
    ] = None,
) -> Canonical:
    """The canonical version of a configuration, now or at a moment; the ETag is its version."""
    head = await service.pointer.canonical(configuration, at)
    response.headers.update(tag(head.version))
    return Canonical.of(head)


@router.get("/versions", responses=linked(200, list_versions=ONWARDS) | problems(InvalidConfiguration))
async def list_versions(
    service: Service,
    configuration: KnownConfiguration,
    before: Annotated[
        int | None, Query(ge=1, le=MOST_VERSION, description="Only versions lower than this", examples=[7])
    ] = None,
    limit: Limit = 100,
) -> Versions:
    """The pointer's history, newest first; pass `next` as `before` to go on."""
    found = await service.pointer.history(configuration, before, limit)
    more = found[-1].version if len(found) == limit and found[-1].version > 1 else None
    return Versions(items=[Canonical.of(each) for each in found], next=more)


@router.post(
    "/rollback",
    status_code=201,
    dependencies=[OPERATE],
    responses=linked(201, read_decision={"decision_id": "$response.body#/decision_id"})
    | problems(NotFound, AlreadyCanonical, BytesMissing, Held, VersionMoved, InvalidConfiguration),
)
async def rollback(
    service: Service, configuration: ChangedConfiguration, body: RollbackRequest, who: Who, seen: SeenVersion,
    response: Response,
) -> Canonical:  # fmt: skip
    """Make an earlier version's bytes canonical again, as a new and higher version, and have it delivered.

    The bytes that are left are marked as bad, so that no candidate with them is promoted by itself; `"mark": false` leaves them.
    """
    head = await service.pointer.roll_back(configuration, body.to_version, who, body.reason, seen, mark=body.mark)
    response.headers.update(tag(head.version))
    return Canonical.of(head)
