"""What people lay on a configuration: a pause, a pin, marks on bytes. Each PUT places one, each DELETE lifts it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query

from services.promotion.api.decisions import Before, OfConfiguration
from services.promotion.api.dependencies import ChangedConfiguration, Service, Who, parsed
from services.promotion.api.problems import Held, InvalidConfiguration
from services.promotion.hold import PlacedHold
from services.promotion.schemas import Holds, HoldView, PinRequest, ReasonGiven
from shared.contract.words import STORABLE, Digest, HoldKind
from shared.web.application import Limit, new_router
from shared.web.keys import OPERATE
from shared.web.links import NEXT, linked
from shared.web.problems import NotFound, problems

router = new_router("holds", prefix="/v1/configurations/{configuration}")
list_router = new_router("holds", prefix="/v1/holds")
Because = Annotated[
    str, Query(min_length=1, max_length=1000, pattern=STORABLE, description="Why it is lifted", examples=["mended"])
]
InPath = Annotated[Digest, Path()]
PLACING, LIFTING = problems(NotFound, Held, InvalidConfiguration), problems(NotFound, InvalidConfiguration)


@list_router.get("", responses=linked(200, list_holds={"before": NEXT}) | problems(InvalidConfiguration))
async def list_holds(
    service: Service, configuration: OfConfiguration = None, before: Before = None, limit: Limit = 50,
    lifted: Annotated[bool, Query(description="Those of the past too")] = False,
) -> Holds:  # fmt: skip
    """What holds, newest first; pass `next` as `before` to go on."""
    key = parsed(configuration) if configuration else None
    found = await service.holds.page(key, before, limit, lifted=lifted)
    more: UUID | None = found[-1].id if len(found) == limit else None
    return Holds(items=[HoldView.model_validate(each) for each in found], next=more)


@router.put("/pause", dependencies=[OPERATE], responses=PLACING)
async def pause(service: Service, configuration: ChangedConfiguration, body: ReasonGiven, who: Who) -> HoldView:
    """Promote no candidate of a trainer by itself until the configuration is resumed: what passes waits for approval."""
    wanted = PlacedHold(configuration=configuration, kind=HoldKind.PAUSE, reason=body.reason, placed_by=who.name)
    return HoldView.model_validate(await service.holds.place(wanted, who))


@router.delete("/pause", dependencies=[OPERATE], responses=LIFTING)
async def resume(service: Service, configuration: ChangedConfiguration, who: Who, reason: Because) -> HoldView:
    """Promote candidates of trainers by themselves again. What waits meanwhile goes on waiting for approval."""
    return HoldView.model_validate(await service.holds.lift(configuration, HoldKind.PAUSE, None, who, reason))


@router.put("/pin", dependencies=[OPERATE], responses=PLACING)
async def pin(service: Service, configuration: ChangedConfiguration, body: PinRequest, who: Who) -> HoldView:
    """Keep the configuration on its canonical version, whoever wants to move it, until it is unpinned."""
    version = body.version or (await service.pointer.canonical(configuration)).version
    wanted = PlacedHold(
        configuration=configuration, kind=HoldKind.PIN, reason=body.reason, placed_by=who.name, version=version
    )
    return HoldView.model_validate(await service.holds.place(wanted, who))


@router.delete("/pin", dependencies=[OPERATE], responses=LIFTING)
async def unpin(service: Service, configuration: ChangedConfiguration, who: Who, reason: Because) -> HoldView:
    """Let the pointer be moved again."""
    return HoldView.model_validate(await service.holds.lift(configuration, HoldKind.PIN, None, who, reason))


@router.put("/marks/{digest}", dependencies=[OPERATE], responses=PLACING)
async def mark(
    service: Service, configuration: ChangedConfiguration, digest: InPath, body: ReasonGiven, who: Who
) -> HoldView:
    """Mark a model's bytes as bad: no candidate with them is promoted in this configuration, but by force."""
    wanted = PlacedHold(
        configuration=configuration, kind=HoldKind.MARK, reason=body.reason, placed_by=who.name, digest=digest
    )
    return HoldView.model_validate(await service.holds.place(wanted, who))


@router.delete("/marks/{digest}", dependencies=[OPERATE], responses=LIFTING)
async def unmark(
    service: Service, configuration: ChangedConfiguration, digest: InPath, who: Who, reason: Because
) -> HoldView:
    """Take the mark off a model's bytes."""
    return HoldView.model_validate(await service.holds.lift(configuration, HoldKind.MARK, digest, who, reason))
