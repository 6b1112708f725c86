"""Request and response models of the distribution service."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import PurePosixPath
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from shared.contract.words import (
    CANONICAL_FILE_PATTERN,
    STORABLE,
    BreakerState,
    ConfigurationKey,
    DeliveryState,
    Digest,
    ModelPath,
    NodeName,
    Version,
)

_URL = re.compile(r"https?://[A-Za-z0-9.\-_\[\]:]+(?:/[A-Za-z0-9._~/-]*)?")


class NodeRegistration(BaseModel):
    """A node to register: the address of its agent."""

    model_config = ConfigDict(extra="forbid")

    name: NodeName
    url: str = Field(max_length=300, pattern=STORABLE, examples=["http://10.0.0.1:8780"])

    @field_validator("url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        if _URL.fullmatch(value) is None:
            raise ValueError(f"{value!r} is no address of an agent; give one such as http://10.0.0.1:8780")
        return value.rstrip("/")


class NodeView(BaseModel):
    """A registered node, with what is known of it."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    url: str
    registered_at: datetime
    reported_at: datetime | None = Field(description="When it last reported; null if never")
    unreached: str | None = Field(description="Why the last visit failed; null if it did not")
    breaker: BreakerState


class NodeList(BaseModel):
    """Every registered node."""

    items: list[NodeView]


class DeliveryView(BaseModel):
    """One delivery: a version on its way to a node."""

    model_config = ConfigDict(from_attributes=True)

    configuration: str
    version: int
    node: str
    digest: str
    size: int
    state: DeliveryState
    bytes_done: int
    detail: str | None
    created_at: datetime
    updated_at: datetime
    delivered_at: datetime | None


class DeliveryList(BaseModel):
    """Deliveries, newest version first."""

    items: list[DeliveryView]


class DistributeModel(BaseModel):
    """What to deliver again: a configuration, or a canonical file's name, which names one."""

    configuration: ConfigurationKey | None = None
    version: Version | None = None
    digest: Digest | None = None
    model_path: ModelPath | None = Field(default=None, examples=["models/canonical_hex8_2p.pth"])
    force: bool = Field(default=False, description="Accepted for the runbook; a request always reopens every delivery")

    @model_validator(mode="after")
    def _names_a_configuration(self) -> Self:
        if self.configuration is None:
            match = re.fullmatch(CANONICAL_FILE_PATTERN, PurePosixPath(self.model_path or "").name)
            if match is None:
                raise ValueError(
                    "give configuration, or model_path with a canonical file's name: models/canonical_hex8_2p.pth"
                )
            self.configuration = match.group(1)
        return self

    @property
    def named_configuration(self) -> str:
        """The configuration, whichever member named it."""
        assert self.configuration is not None  # seen to by the validator
        return self.configuration


class DistributionAccepted(BaseModel):
    """The deliveries that were opened."""

    configuration: str
    version: int
    digest: str
    nodes: list[str]


class Availability(BaseModel):
    """Whether one node holds the canonical version of a configuration, by its own report."""

    model_config = ConfigDict(from_attributes=True)

    has_model: bool
    version: int | None
    digest: str | None
    reason: str | None
    reported_at: datetime | None


class NodeProgress(BaseModel):
    """One node's delivery of the desired version."""

    state: DeliveryState
    bytes_done: int
    size: int
    detail: str | None
    updated_at: datetime


class ConfigurationProgress(BaseModel):
    """The desired version of a configuration, and how far each node is."""

    version: int
    digest: str
    nodes: dict[str, NodeProgress]
    complete: bool = Field(description="Every registered node, and at least one, holds it")


class ModelDistribution(BaseModel):
    """Every configuration's distribution."""

    configurations: dict[str, ConfigurationProgress]


class DaemonStatus(BaseModel):
    """How the UnifiedDistributionDaemon is."""

    status: str
    last_pass_at: datetime | None
    breakers: dict[str, BreakerState]


class VersionReference(BaseModel):
    """A version and its digest."""

    model_config = ConfigDict(from_attributes=True)

    version: int
    digest: str


class LedgerDifference(BaseModel):
    """A configuration of which the ledger names another version than the nodes are given; null where there is none."""

    model_config = ConfigDict(from_attributes=True)

    configuration: str
    ledger: VersionReference | None
    here: VersionReference | None
    since: datetime


class LedgerAgreement(BaseModel):
    """Whether the versions that the nodes are given are those of the ledger."""

    model_config = ConfigDict(from_attributes=True)

    agrees: bool | None = Field(description="Null as long as the ledger was never read")
    differences: list[LedgerDifference] = Field(description="Those that last longer than the feed needs")
    checked_at: datetime | None = Field(description="When the ledger was last read")
    unreached: str | None = Field(description="Why it could not be read since; null if it could")


class Status(BaseModel):
    """The service at a glance."""

    model_distribution: ModelDistribution
    daemon: DaemonStatus
    ledger: LedgerAgreement
    alive_peers: list[str] = Field(description="Hosts of the nodes whose last visit succeeded")
