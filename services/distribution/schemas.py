"""Request and response models of the distribution service."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.distribution.agent.schemas import Instance, Labels, NodeUrl
from services.distribution.joining import Admission
from shared.contract.configuration import named_by
from shared.contract.delivery import AgentVersion, Bytes, HoldingState
from shared.contract.words import (
    BreakerState,
    ConfigurationKey,
    DeliveryState,
    Digest,
    ModelPath,
    NodeName,
    PersonsReason,
    Version,
)

MOST_ADDRESSES = 100_000


class NodeRegistration(BaseModel):
    """A node to register: the address of its agent."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"name": "node-4", "url": "http://10.0.0.4:8780", "dry_run": True}]},
    )

    name: NodeName
    url: NodeUrl
    dry_run: bool = Field(default=False, description="Only say whether it could be registered")


class JoinAnswer(BaseModel):
    """The node as it is registered, and what the agent was found to be: a new one, a known one, at another address, in the place of
    another machine, or under another name than before."""

    name: NodeName
    url: str = Field(examples=["http://10.0.0.4:8780"])
    state: Admission = Field(examples=["joined"])


class NodeAddress(BaseModel):
    """Another address of a node."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"url": "http://10.0.0.4:8780"}]})

    url: NodeUrl


class IsolationRequest(BaseModel):
    """Why a node is to be left alone."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "its disk is replaced"}]})

    reason: PersonsReason


class IsolationView(BaseModel):
    """That a node is left alone."""

    model_config = ConfigDict(from_attributes=True)

    by: str = Field(description="Whoever wanted it, as their key is named", examples=["anna"])
    reason: PersonsReason
    at: datetime


class HeldView(BaseModel):
    """What a node holds of a configuration, by its own report of the bytes on its disk."""

    model_config = ConfigDict(from_attributes=True)

    state: HoldingState = Field(examples=["ok"])
    version: Version | None = Field(description="Of the file on its disk; null if there is none that is whole")
    digest: Digest | None
    reason: str | None = Field(description="Why it is not the canonical version; null if it is")
    played: bool | None = Field(description="Whether whoever plays there took it up; null if nobody is told")
    reload_error: str | None = Field(description="Why it was not taken up; null if it was, or nobody is told")


class NodeView(BaseModel):
    """A registered node, with what is known of it."""

    model_config = ConfigDict(from_attributes=True)

    name: NodeName
    url: str = Field(examples=["http://10.0.0.1:8780"])
    registered_at: datetime
    reported_at: datetime | None = Field(
        description="When it last reported, to the minute while nothing changes; null if never"
    )
    unreached: str | None = Field(description="Why the last visit failed; null if it did not")
    breaker: BreakerState
    age_seconds: float | None = Field(description="Of its last report; null if it never reported")
    agent_version: AgentVersion | None = Field(description="Null if it does not say")
    free_bytes: Bytes | None = Field(description="On the disk of its models, when it last reported")
    instance: Instance | None = Field(description="Of its agent; null if it does not say")
    clock_skew_seconds: int | None = Field(description="By how much its clock is ahead; null while that is little")
    isolated: IsolationView | None = Field(description="Who wants it left alone; null if nobody does")
    labels: Labels
    plays: list[ConfigurationKey] | None = Field(description="The configurations that it holds; null for all")
    rival: str | None = Field(description="Another agent that claimed the name lately; null if none did")
    holds: dict[ConfigurationKey, HeldView] = Field(description="Of each configuration that has a canonical version")


class Nodes(BaseModel):
    """Registered nodes by name; pass `next` as `after` to go on."""

    items: list[NodeView]
    next: str | None = Field(description="Null at the end")


class DeliveryView(BaseModel):
    """One delivery: a version on its way to a node."""

    model_config = ConfigDict(from_attributes=True)

    configuration: ConfigurationKey
    version: Version
    node: NodeName
    digest: Digest
    size: Bytes
    state: DeliveryState = Field(examples=["delivered"])
    bytes_done: Bytes
    detail: str | None
    created_at: datetime
    updated_at: datetime
    delivered_at: datetime | None
    from_peers: Bytes = Field(description="Bytes that other nodes sent")
    from_service: Bytes = Field(description="Bytes that the distribution service or its artifact store sent")
    played_at: datetime | None = Field(description="When whoever plays there took it up; null if that is not known")


class Deliveries(BaseModel):
    """Deliveries by configuration, newest version first, then by node; pass `next` as `after` to go on."""

    items: list[DeliveryView]
    next: str | None = Field(description="Null at the end")


class SwarmAddresses(BaseModel):
    """The addresses of the registered nodes: a node in the swarm speaks with these and the service alone."""

    addresses: list[str] = Field(max_length=MOST_ADDRESSES, examples=[["10.0.0.4"]])


class RedeliverRequest(BaseModel):
    """What to deliver again: a configuration, or a canonical file's name, which names one."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"configuration": "hex8_2p"}]})

    configuration: ConfigurationKey | None = None
    version: Version | None = None
    digest: Digest | None = None
    model_path: ModelPath | None = Field(default=None, examples=["models/canonical_hex8_2p.pth"])
    force: bool = Field(default=False, description="Accepted for the runbook; a request always reopens every delivery")

    @model_validator(mode="after")
    def _names_a_configuration(self) -> Self:
        named = named_by(self.model_path or "")
        if named is not None and self.configuration not in (None, named):
            raise ValueError(f"model_path is a file of {named}, and configuration says {self.configuration}")
        self.configuration = self.configuration or named
        if self.configuration is None:
            raise ValueError(
                "give configuration, or model_path with a canonical file's name: models/canonical_hex8_2p.pth"
            )
        return self

    @property
    def named_configuration(self) -> str:
        """The configuration, whichever member named it."""
        assert self.configuration is not None  # seen to by the validator
        return self.configuration


class Redelivery(BaseModel):
    """The deliveries that were opened."""

    configuration: ConfigurationKey
    version: Version
    digest: Digest
    nodes: list[NodeName]


class Availability(BaseModel):
    """Whether one node holds the canonical version of a configuration, by its own report."""

    model_config = ConfigDict(from_attributes=True)

    has_model: bool
    state: HoldingState = Field(examples=["ok"])
    version: Version | None
    digest: Digest | None
    reason: str | None = Field(description="Why it does not; null if it does", examples=["connection refused"])
    reported_at: datetime | None
