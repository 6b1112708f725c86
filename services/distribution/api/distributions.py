"""Distributions: how far each version is, and a person's word on its waves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Path, Query

from services.distribution.api.dependencies import Service, Who
from services.distribution.api.problems import NotCanonical
from services.distribution.distribution_schemas import (
    DistributionDetailView,
    Distributions,
    DistributionView,
    SteerRequest,
)
from services.distribution.repository import DistributionKey
from services.distribution.service import Steer
from shared.contract.audit_chain import Actor
from shared.contract.words import ConfigurationKey
from shared.web.application import Limit, new_router
from shared.web.keys import OPERATE
from shared.web.links import NEXT, linked
from shared.web.problems import NotFound, problems

KEY_PATTERN, LONGEST_KEY = r"^[a-z][A-Za-z0-9_~-]{0,102}:[1-9][0-9]{0,8}$", 103 + 10 + 1
router = new_router("distributions", prefix="/v1/distributions")
Key = Annotated[
    str,
    Path(
        max_length=LONGEST_KEY,
        pattern=KEY_PATTERN,
        description="Configuration and version",
        examples=["hex8_2p:7"],
    ),
]
After = Annotated[
    str | None,
    Query(
        max_length=LONGEST_KEY,
        pattern=KEY_PATTERN,
        description="Only distributions after this one",
        examples=["hex8_2p:7"],
    ),
]
STEERING = problems(NotFound, NotCanonical)


@router.get("", responses=linked(200, list_distributions={"after": NEXT}))
async def list_distributions(
    service: Service,
    configuration: Annotated[ConfigurationKey | None, Query(description="Of one configuration only")] = None,
    after: After = None,
    limit: Limit = 50,
) -> Distributions:
    """Distributions by configuration, newest version first; pass `next` as `after` to go on."""
    found = await service.rollouts.page(configuration, key_of(after) if after else None, limit)
    waves, more = service.rollouts.plan.waves, str(found[-1].key) if len(found) == limit else None
    return Distributions(items=[DistributionView.of(each, waves) for each in found], next=more)


@router.get("/{distribution}", responses=problems(NotFound))
async def read_distribution(service: Service, distribution: Key) -> DistributionDetailView:
    """One distribution with every node: what it has of the version, and why it lacks it."""
    return await _shown(service, distribution)


@router.post("/{distribution}/pause", dependencies=[OPERATE], responses=STEERING)
async def pause_distribution(
    service: Service, distribution: Key, body: SteerRequest, who: Who
) -> DistributionDetailView:
    """Order no further node to hold the version, until somebody resumes."""
    return await _steered(service, distribution, service.rollouts.pause, body, who)


@router.post("/{distribution}/resume", dependencies=[OPERATE], responses=STEERING)
async def resume_distribution(
    service: Service, distribution: Key, body: SteerRequest, who: Who
) -> DistributionDetailView:
    """Go on with the wave that it was in; its soak time begins anew."""
    return await _steered(service, distribution, service.rollouts.resume, body, who)


@router.post("/{distribution}/abort", dependencies=[OPERATE], responses=STEERING)
async def abort_distribution(
    service: Service, distribution: Key, body: SteerRequest, who: Who
) -> DistributionDetailView:
    """Order no further node, until somebody resumes or another version is canonical. Nodes that have it keep it; a rollback of the
    pointer brings them back."""
    return await _steered(service, distribution, service.rollouts.abort, body, who)


@router.post("/{distribution}/advance", dependencies=[OPERATE], responses=STEERING)
async def advance_distribution(
    service: Service, distribution: Key, body: SteerRequest, who: Who
) -> DistributionDetailView:
    """Begin the next wave at once, whatever the nodes of this one say."""
    return await _steered(service, distribution, service.rollouts.advance, body, who)


async def _steered(
    service: Service,
    distribution: str,
    move: Callable[[DistributionKey, Steer], Awaitable[None]],
    body: SteerRequest,
    who: Actor,
) -> DistributionDetailView:
    await move(key_of(distribution), Steer(who, body.reason))
    return await _shown(service, distribution)


async def _shown(service: Service, distribution: str) -> DistributionDetailView:
    return DistributionDetailView.of_detail(await service.rollouts.show(key_of(distribution)))


def key_of(text: str) -> DistributionKey:
    """A distribution's key as addresses have it, already checked."""
    configuration, _, version = text.rpartition(":")
    return DistributionKey(configuration, int(version))
