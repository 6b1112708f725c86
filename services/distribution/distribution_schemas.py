"""Request and response models of distributions and their waves."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from services.distribution.delivery import Delivery
from services.distribution.repository import KnownDistribution
from services.distribution.service import DistributionDetail
from shared.contract.delivery import Bytes, RolloutState
from shared.contract.words import STORABLE, ConfigurationKey, DeliveryState, Digest, NodeName, Version

REVISION_PATTERN = "^[0-9a-f]{16}$"
Revision = Annotated[
    str, Field(pattern=REVISION_PATTERN, description="Another one after every change", examples=["44136fa355b3678a"])
]


class SteerRequest(BaseModel):
    """A person's word on a distribution."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"reason": "the canaries resign too early"}]}
    )

    reason: str = Field(min_length=1, max_length=1000, pattern=STORABLE, description="Why, for whoever reads it later")


class DistributionView(BaseModel):
    """A version on its way to all nodes."""

    id: str = Field(examples=["hex8_2p:7"])
    configuration: ConfigurationKey
    version: Version
    digest: Digest
    state: RolloutState = Field(examples=["running"], description="Whether it goes to further nodes")
    wave: int = Field(ge=1, examples=[1])
    waves: int = Field(ge=1, examples=[3])
    reason: str | None = Field(description="Why it is in that state; null where nobody said")
    changed_by: str | None = Field(description="Whose word that was; null for the service's own")
    started_at: datetime
    completed_at: datetime | None = Field(description="When every node held it; null if that is not so yet")
    failed_at: datetime | None = Field(description="When its time was over before that; null if it was not")

    @classmethod
    def of(cls, known: KnownDistribution, waves: int) -> DistributionView:
        """As it is known."""
        return cls.model_validate(_facts(known, waves))


class NodeOfDistribution(BaseModel):
    """What one node has of the version."""

    state: DeliveryState = Field(examples=["delivered"])
    bytes_done: Bytes
    size: Bytes
    from_peers: Bytes = Field(description="Bytes that other nodes sent")
    from_service: Bytes = Field(description="Bytes that the distribution service or its artifact store sent")
    bytes_per_second: Bytes | None = Field(
        description="How fast they arrive; null where none do, or that is not known yet"
    )
    waits: bool = Field(description="Whether it may not have it yet")
    reason: str | None = Field(description="Why it lacks it; null if it does not")
    updated_at: datetime
    delivered_at: datetime | None
    played_at: datetime | None = Field(description="When whoever plays there took it up; null if that is not known")


class DistributionDetailView(DistributionView):
    """A version on its way to all nodes, with each of them."""

    revision: Revision
    ended: bool = Field(description="Whether every node holds it, or another version is canonical")
    nodes: dict[NodeName, NodeOfDistribution]

    @classmethod
    def of_detail(cls, detail: DistributionDetail) -> DistributionDetailView:
        """As it is known."""
        nodes = {each.node: _node(each, detail) for each in detail.deliveries}
        return cls.model_validate(
            {
                **_facts(detail.known, detail.waves),
                "nodes": nodes,
                "revision": detail.revision,
                "ended": detail.has_ended,
            }
        )


class Distributions(BaseModel):
    """Distributions by configuration, newest version first; pass `next` as `after` to go on."""

    items: list[DistributionView]
    next: str | None = Field(description="Null at the end")


def _facts(known: KnownDistribution, waves: int) -> dict[str, object]:
    rollout = known.rollout
    return {
        "id": str(known.key), "configuration": known.key.configuration, "version": known.key.version,
        "digest": known.digest, "state": rollout.state, "wave": rollout.wave, "waves": max(waves, rollout.wave),
        "reason": rollout.reason, "changed_by": rollout.by, "started_at": known.started_at,
        "completed_at": known.completed_at, "failed_at": known.failed_at,
    }  # fmt: skip


def _node(delivery: Delivery, detail: DistributionDetail) -> NodeOfDistribution:
    waits = None if delivery.is_delivered else detail.withheld.get(delivery.node)
    return NodeOfDistribution(
        state=delivery.state, bytes_done=delivery.bytes_done, size=delivery.size, waits=waits is not None,
        from_peers=delivery.from_peers, from_service=delivery.from_service, bytes_per_second=delivery.bytes_per_second,
        reason=waits or detail.standing.missing.get(delivery.node), updated_at=delivery.updated_at,
        delivered_at=delivery.delivered_at, played_at=delivery.played_at,
    )  # fmt: skip
