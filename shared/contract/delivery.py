"""What nodes hold and how far deliveries are, as agents and the distribution service tell it and the front door passes it on."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.contract.words import (
    STORABLE,
    BreakerState,
    ConfigurationKey,
    DeliveryState,
    Digest,
    Epoch,
    NodeName,
    Version,
)

Reachable = Literal["reachable", "unreachable"]
Bytes = Annotated[int, Field(ge=0, examples=[25_612])]


AgentVersion = Annotated[str, Field(max_length=100, pattern=STORABLE, examples=["0.1.0"])]
"""Of the suite that an agent is a part of."""


class HoldingState(StrEnum):
    """What a node has of a configuration, by its own report: the canonical version, another one, none, a file whose bytes are not
    what they should be; or nobody knows, because it has not said so for too long."""

    OK = "ok"
    STALE = "stale"
    MISSING = "missing"
    CORRUPT = "corrupt"
    UNKNOWN = "unknown"


class RolloutState(StrEnum):
    """Whether a version goes to further nodes: it does, it waits for somebody's word, or it goes to no more."""

    RUNNING = "running"
    PAUSED = "paused"
    ABORTED = "aborted"


class NodeProgress(BaseModel):
    """One node's delivery of the desired version."""

    state: DeliveryState = Field(examples=["delivered"])
    bytes_done: Bytes
    size: Bytes
    from_peers: Bytes = Field(default=0, description="Bytes that other nodes sent")
    from_service: Bytes = Field(default=0, description="Bytes that the distribution service or its artifact store sent")
    detail: str | None = Field(description="Why it is not further; null where nothing is in the way")
    holds: HoldingState | None = Field(
        default=None, description="What it has of the configuration, by its last report", examples=["ok"]
    )
    updated_at: datetime
    played_at: datetime | None = Field(
        default=None, description="When whoever plays there took it up; null if that is not known"
    )


class ConfigurationProgress(BaseModel):
    """The desired version of a configuration, and how far each node is."""

    version: Version
    digest: Digest
    nodes: dict[NodeName, NodeProgress]
    complete: bool = Field(description="Every registered node, and at least one, holds it")


class ModelDistribution(BaseModel):
    """Every configuration's distribution. `unreachable`: the distribution service does not say, and `detail` says why not."""

    status: Reachable = "reachable"
    detail: str | None = Field(default=None, description="Why it is not known; null if it is")
    configurations: dict[ConfigurationKey, ConfigurationProgress]


class DaemonStatus(BaseModel):
    """How the UnifiedDistributionDaemon is."""

    status: Literal["starting", "running", "stopped", "unreachable"] = Field(examples=["running"])
    detail: str | None = Field(default=None, description="Why it is not known; null if it is")
    process: str | None = Field(
        default=None,
        description="Which process of the service it runs in; null for none just now",
        examples=["rig-1:8772"],
    )
    last_pass_at: datetime | None = None
    breakers: dict[NodeName, BreakerState] = Field(default={}, description="Of each node")
    suspicion: str | None = Field(
        default=None, description="Why this service is suspected rather than the nodes: most fail at once; null if not"
    )


class VersionReference(BaseModel):
    """A version and its digest."""

    model_config = ConfigDict(from_attributes=True)

    version: Version
    digest: Digest


class LedgerDifference(BaseModel):
    """A configuration of which the ledger names another version than the nodes are given; null where there is none."""

    model_config = ConfigDict(from_attributes=True)

    configuration: ConfigurationKey
    ledger: VersionReference | None
    here: VersionReference | None
    since: datetime


class NodeAhead(BaseModel):
    """A node that says it holds a version which the ledger has not reached."""

    model_config = ConfigDict(from_attributes=True)

    node: NodeName
    configuration: ConfigurationKey
    epoch: Epoch
    version: Version
    since: datetime


class LedgerAgreement(BaseModel):
    """Whether the versions that the nodes are given are those of the ledger, and whether nodes hold higher ones."""

    model_config = ConfigDict(from_attributes=True)

    epoch: Epoch = 0

    agrees: bool | None = Field(description="Null as long as the ledger was never read")
    differences: list[LedgerDifference] = Field(description="Those that last longer than the feed needs")
    nodes_ahead: int = Field(default=0, description="Nodes that hold a version which the ledger has not reached")
    ahead: list[NodeAhead] = Field(default=[], description="What those hold, the first hundred")
    checked_at: datetime | None = Field(description="When the ledger was last read")
    unreached: str | None = Field(description="Why it could not be read since; null if it could")


class DistributionStatus(BaseModel):
    """The distribution service at a glance."""

    model_distribution: ModelDistribution
    daemon: DaemonStatus
    ledger: LedgerAgreement | None = Field(default=None, description="Null if it does not say")
    alive_peers: list[str] = Field(description="Hosts of the nodes whose last visit succeeded", examples=[["10.0.0.1"]])
