"""The statements about what the promotion service said: its canonical versions and its policies."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import case, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from services.gauntlet.tables import canonical_versions, policies
from shared.contract.configuration import Configuration
from shared.contract.evidence import CanonicalReference
from shared.contract.policy import GatePolicy
from shared.storage.database import Read, Write


async def canonical(tx: Read, configuration: str) -> CanonicalReference | None:
    """The newest canonical version that this service has heard of."""
    wanted = select(canonical_versions).where(canonical_versions.c.configuration == configuration)
    row = (await tx.execute(wanted.order_by(canonical_versions.c.version.desc()).limit(1))).first()
    return CanonicalReference(version=row.version, digest=row.digest) if row else None


async def canonical_digests(tx: Read, configuration: str, versions: Collection[int]) -> dict[int, str]:
    """The digests of those of these versions that this service has heard of."""
    known = canonical_versions.c
    of_it = known.configuration == configuration, known.version.in_(versions)
    rows = await tx.execute(select(known.version, known.digest).where(*of_it))
    return {row.version: row.digest for row in rows}


async def record_canonical(tx: Write, configuration: str, version: int, digest: str, epoch: int = 0) -> None:
    """A canonical version; one that is known changes nothing, unless it is of an earlier epoch of the ledger."""
    row = {"configuration": configuration, "version": version, "digest": digest, "epoch": epoch}
    statement = insert(canonical_versions).values(row)
    told_anew = statement.on_conflict_do_update(
        index_elements=["configuration", "version"],
        set_={"digest": digest, "epoch": epoch},
        where=canonical_versions.c.epoch < epoch,
    )
    await tx.execute(told_anew)


async def forget_beyond(tx: Write, epoch: int, versions: Mapping[str, int]) -> None:
    """Forget the versions of earlier epochs that are above these, and all of configurations that are not among them."""
    known = canonical_versions.c
    highest = case(versions, value=known.configuration, else_=0) if versions else 0
    await tx.execute(delete(canonical_versions).where(known.epoch < epoch, known.version > highest))


async def remember_policy(tx: Write, configuration: Configuration, policy: GatePolicy) -> None:
    """The promotion service's policy for a configuration, as it was read last."""
    row = {"configuration": str(configuration), "policy_id": policy.id, "gates": policy.model_dump(mode="json")}
    statement = insert(policies).values(row)
    changed = {"policy_id": statement.excluded.policy_id, "gates": statement.excluded.gates, "read_at": func.now()}
    await tx.execute(statement.on_conflict_do_update(index_elements=["configuration"], set_=changed))


async def remembered_policy(tx: Read, configuration: Configuration) -> GatePolicy | None:
    """The policy that was read last for a configuration, None if none ever was."""
    wanted = select(policies.c.gates).where(policies.c.configuration == str(configuration))
    gates = (await tx.execute(wanted)).scalar()
    return GatePolicy.model_validate(gates) if gates else None


async def knows_a_policy(tx: Read) -> bool:
    """Whether any policy was ever read."""
    return (await tx.execute(select(policies.c.policy_id).limit(1))).first() is not None
