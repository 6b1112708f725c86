"""The gate policies that candidates are played and judged under: read, set, their history."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request, Response

from services.promotion.api.dependencies import ChangedConfiguration, KnownConfiguration, SeenVersion, Service, Who, tag
from services.promotion.api.holds import Because
from services.promotion.api.pages import AfterConfiguration, AllAtOnce, after_configuration
from services.promotion.api.problems import InvalidConfiguration, VersionMoved
from services.promotion.schemas import Policies, PolicyRequest, PolicyVersions, PolicyVersionView, PolicyView
from shared.contract.words import MOST_CONFIGURATIONS, MOST_GAMES, MOST_VERSION
from shared.web.application import Limit, new_router
from shared.web.keys import OPERATE, require_force
from shared.web.links import NEXT, linked
from shared.web.problems import problems

router = new_router("policies", prefix="/v1/policies")
of_configuration_router = new_router("policies", prefix="/v1/configurations/{configuration}")
ONWARDS = {"configuration": "$request.path.configuration", "before": NEXT}
SETTING = problems(VersionMoved, InvalidConfiguration)


@of_configuration_router.get("/policy", responses=problems(InvalidConfiguration))
async def read_policy(
    service: Service,
    configuration: KnownConfiguration,
    games: Annotated[
        int | None, Query(ge=1, le=MOST_GAMES, description="Other games per opponent", examples=[100])
    ] = None,
) -> PolicyView:
    """The gate policy that candidates of a configuration are played and judged under now."""
    return PolicyView.of(await service.policies.issue(configuration, games))


@router.get("", responses=linked(200, list_policies={"after": NEXT}) | problems(InvalidConfiguration))
async def list_policies(
    service: Service, after: AfterConfiguration = None, limit: AllAtOnce = MOST_CONFIGURATIONS
) -> Policies:
    """The gate policy in force for every configuration, by their names; pass `next` as `after` to go on."""
    found = after_configuration([PolicyView.of(each) for each in await service.policies.issue_all()], after, limit)
    return Policies(items=found, next=found[-1].configuration if len(found) == limit else None)


@router.get("/{configuration}", responses=problems(InvalidConfiguration))
async def read_policy_in_force(service: Service, configuration: KnownConfiguration, response: Response) -> PolicyView:
    """The gate policy of a configuration; the ETag is its version, 0 for the environment's."""
    found = PolicyView.of(await service.policies.issue(configuration))
    response.headers.update(tag(found.version))
    return found


@router.put("/{configuration}", dependencies=[OPERATE], responses=SETTING)
async def set_policy(
    service: Service, request: Request, configuration: ChangedConfiguration, body: PolicyRequest, who: Who,
    seen: SeenVersion, response: Response,
) -> PolicyView:  # fmt: skip
    """Set the gate policy of a configuration, whole: what `gates` leaves out has the runbook's value.

    Evaluations that are played under the one before go stale by this, and are evaluated again. One that asks for nothing, no
    games or no gate, needs a key of scope force.
    """
    if body.gates.asks_for_nothing:
        require_force(request)
    found = PolicyView.of(await service.policies.set(configuration, body.gates, who, body.reason, seen))
    response.headers.update(tag(found.version))
    return found


@router.delete("/{configuration}", dependencies=[OPERATE], responses=SETTING)
async def reset_policy(
    service: Service,
    configuration: ChangedConfiguration,
    who: Who,
    seen: SeenVersion,
    reason: Because,
    response: Response,
) -> PolicyView:
    """Go back to the environment's policy, whatever that is."""
    found = PolicyView.of(await service.policies.set(configuration, None, who, reason, seen))
    response.headers.update(tag(found.version))
    return found


@router.get(
    "/{configuration}/versions", responses=linked(200, list_policy_versions=ONWARDS) | problems(InvalidConfiguration)
)
async def list_policy_versions(
    service: Service,
    configuration: KnownConfiguration,
    before: Annotated[
        int | None, Query(ge=1, le=MOST_VERSION, description="Only versions lower than this", examples=[7])
    ] = None,
    limit: Limit = 100,
) -> PolicyVersions:
    """What people set for a configuration, newest first; pass `next` as `before` to go on."""
    found = await service.policies.history(configuration, before, limit)
    more = found[-1].version if len(found) == limit and found[-1].version > 1 else None
    return PolicyVersions(items=[PolicyVersionView.of(each) for each in found], next=more)
