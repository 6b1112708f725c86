"""The models of the artifact store, and letting go of those that nobody needs."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from services.promotion.api.dependencies import Service, Who
from services.promotion.api.problems import DistributionUnreachable, GauntletUnreachable
from services.promotion.schemas import Collection, KeptModel, KeptModels
from shared.contract.words import Digest
from shared.web.application import Limit, new_router
from shared.web.keys import OPERATE
from shared.web.problems import problems

router = new_router("artifacts", prefix="/v1/artifacts")
MOST_DAYS = 36_500
After = Annotated[Digest | None, Query(description="Only what comes after this one")]
Days = Annotated[
    float | None,
    Query(
        ge=1, le=MOST_DAYS, examples=[90],
        description="Condemn what nobody has needed for so long; if not given, RINGRIFT_KEEP_ARTIFACTS_DAYS",
    ),
]  # fmt: skip
DryRun = Annotated[bool, Query(description="Only say what would go", examples=[True])]


@router.get("", responses=problems(GauntletUnreachable, DistributionUnreachable))
async def list_artifacts(service: Service, after: After = None, limit: Limit = 100) -> KeptModels:
    """Models that are kept, by digest, and what each is needed for; pass `next` as `after` to go on."""
    found = await service.artifacts.page(after, limit)
    more = found[-1].artifact.digest if len(found) == limit else None
    return KeptModels(items=[KeptModel.of(each) for each in found], next=more)


@router.post("/collection", dependencies=[OPERATE], responses=problems(GauntletUnreachable, DistributionUnreachable))
async def collect_artifacts(service: Service, by: Who, days: Days = None, dry_run: DryRun = False) -> Collection:
    """Condemn the models that nobody has needed for so many days, and delete those that were condemned long enough ago
    (RINGRIFT_ARTIFACTS_GRACE_DAYS). Whoever asks for one before gets it back."""
    found = await service.artifacts.collect(days, by.name, dry_run=dry_run)
    return Collection.of(found, dry_run=dry_run)
