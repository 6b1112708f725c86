"""Going back: a forward move of the pointer, to a new and higher version that names older bytes."""

from __future__ import annotations

import asyncio

from services.promotion import repository
from services.promotion.controller import Decision, PromotionController
from services.promotion.promotions import Promotions
from services.promotion.repository import CanonicalVersion
from shared.contract.configuration import Configuration
from shared.storage.database import Read, Write
from shared.web.problems import Problem


async def find_by_digest(tx: Read, digest: str) -> CanonicalVersion:
    """The newest version with these bytes. Problem 409 if there is none."""
    found = await repository.version_of(tx, digest)
    if found is None:
        detail = (
            "these bytes never were canonical, so they cannot be distributed; promote them with POST /admin/promote"
        )
        raise Problem(409, "never-canonical", detail, digest=digest)
    return found


async def roll_back(
    tx: Write, promotions: Promotions, head: CanonicalVersion, to: CanonicalVersion, reason: str
) -> CanonicalVersion:
    """Make the bytes of `to` canonical again; returns the new version. The caller holds the configuration's lock."""
    if await asyncio.to_thread(promotions.store.find, to.digest) is None:
        raise Problem(409, "bytes-missing", f"the artifact store lacks the bytes of version {to.version}, {to.digest}")
    decision = Decision("passed", (f"rollback to the bytes of version {to.version}: {reason}",))
    controller = PromotionController(promotions.settings.gates())
    decision_id = await repository.record_decision(
        tx, to.configuration, to.digest, decision, controller, head, evaluation_id=None
    )
    configuration = Configuration.parse(to.configuration)
    await promotions.move_pointer(
        tx, configuration, head, to.digest, to.size, decision_id, "rollback", decision.reasons[0]
    )
    moved = await repository.head(tx, to.configuration)
    assert moved is not None
    return moved
