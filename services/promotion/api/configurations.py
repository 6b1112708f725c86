"""A configuration's canonical version, its history, going back in it, and the policy its candidates are judged under."""

from __future__ import annotations

from typing import Annotated

from fastapi import Header, Query, Response

from services.promotion import repository
from services.promotion.api.dependencies import KnownConfiguration, Service
from services.promotion.api.problems import AlreadyCanonical, BytesMissing, InvalidConfiguration, VersionMoved
from services.promotion.schemas import Canonical, Policies, PolicyView, RollbackRequest, Versions
from shared.contract.configuration import EVERY_CONFIGURATION
from shared.contract.words import MOST_GAMES
from shared.web.application import Limit, new_router
from shared.web.keys import OPERATE
from shared.web.problems import NotFound, problems

router = new_router("promotion", prefix="/v1/configurations/{configuration}")
heads_router = new_router("promotion", prefix="/v1/configurations")
policies_router = new_router("promotion", prefix="/v1/policies")
IfMatch = Annotated[
    str | None, Header(alias="If-Match", max_length=100, description='The version you saw, as an ETag: "7"')
]


@heads_router.get("")
async def list_canonical(service: Service) -> Versions:
    """The canonical version of every configuration that has one."""
    return Versions(items=[Canonical.of(each) for each in await service.heads()])


@router.get("/canonical", responses=problems(NotFound, InvalidConfiguration))
async def read_canonical(service: Service, configuration: KnownConfiguration, response: Response) -> Canonical:
    """The canonical version of a configuration; the ETag is its version."""
    head = await service.canonical(configuration)
    response.headers["ETag"] = f'"{head.version}"'
    return Canonical.of(head)


@router.get("/versions", responses=problems(InvalidConfiguration))
async def list_versions(service: Service, configuration: KnownConfiguration, limit: Limit = 100) -> Versions:
    """The pointer's history, newest first."""
    async with service.database.read() as tx:
        found = await repository.versions(tx, configuration, limit)
    return Versions(items=[Canonical.of(each) for each in found])


@router.post(
    "/rollback",
    status_code=201,
    dependencies=[OPERATE],
    responses=problems(NotFound, AlreadyCanonical, BytesMissing, VersionMoved, InvalidConfiguration),
)
async def rollback(
    service: Service, configuration: KnownConfiguration, body: RollbackRequest, if_match: IfMatch = None
) -> Canonical:
    """Make an earlier version's bytes canonical again, as a new and higher version."""
    seen = None if if_match is None else if_match.strip('"')
    return Canonical.of(await service.roll_back(configuration, body.to_version, body.reason, seen))


@router.get("/policy", responses=problems(InvalidConfiguration))
async def read_policy(
    service: Service,
    configuration: KnownConfiguration,
    games: Annotated[int | None, Query(ge=1, le=MOST_GAMES, description="Other games per opponent")] = None,
) -> PolicyView:
    """The gate policy that candidates of a configuration are played and judged under now."""
    policy = await service.issue_policy(games)
    return PolicyView(id=policy.id, configuration=configuration, gates=policy)


@policies_router.get("")
async def list_policies(service: Service) -> Policies:
    """The gate policy in force for every configuration."""
    policy = await service.issue_policy(None)
    items = [PolicyView(id=policy.id, configuration=str(each), gates=policy) for each in EVERY_CONFIGURATION]
    return Policies(items=items)
