"""Going back: a forward move of the pointer, to a new and higher version that names older bytes."""

from __future__ import annotations

from uuid import uuid4

from services.promotion import repository
from services.promotion.controller import Decision
from services.promotion.promotions import Promotions
from services.promotion.repository import CanonicalVersion
from shared.configuration import Configuration
from shared.database import Write
from shared.errors import Problem


async def find_by_digest(tx: Write, digest: str) -> tuple[CanonicalVersion, bool]:
    """The newest version with these bytes, and whether it is its configuration's head. Problem 409 if there is none."""
    for head in await repository.heads(tx):
        for version in await repository.versions(tx, head.configuration):
            if version.digest == digest:
                return version, version.digest == head.digest
    detail = "these bytes never were canonical, so they cannot be distributed; promote them with POST /admin/promote"
    raise Problem(409, "never-canonical", detail, digest=digest)


async def roll_back(tx: Write, promotions: Promotions, to: CanonicalVersion, reason: str) -> CanonicalVersion:
    """Make the bytes of `to` canonical again; returns the new version."""
    await repository.lock_configuration(tx, to.configuration)
    head = await repository.head(tx, to.configuration)
    decision_id = uuid4()
    decision = Decision("passed", (f"rollback to the bytes of version {to.version}: {reason}",))
    policy = promotions.settings.gates()
    await repository.record_decision(tx, decision_id, to.configuration, to.digest, decision, policy, None)
    configuration = Configuration.parse(to.configuration)
    await promotions.move_pointer(
        tx, configuration, head, to.digest, to.size, decision_id, "rollback", decision.reasons[0]
    )
    moved = await repository.head(tx, to.configuration)
    assert moved is not None
    return moved
