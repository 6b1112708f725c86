"""The distribution service's part of the environment."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, field_validator
from pydantic_settings import NoDecode

from services.distribution.agent.schemas import JoinToken
from services.distribution.agent.signature import key_bytes
from services.distribution.agent.transport_settings import transport_faults
from services.distribution.schemas import NodeRegistration
from services.distribution.seed_settings import SeedSettings
from services.distribution.wave import MOST_WAVES, WavePlan, shares_of
from shared.contract.words import DISTRIBUTION_PORT, Port
from shared.process.http_settings import Address
from shared.process.settings import PREFIX, ServiceSettings


class DistributionSettings(ServiceSettings, SeedSettings):
    """What the distribution service reads."""

    distribution_port: Port = DISTRIBUTION_PORT
    distribution_timeout: float = Field(
        default=300, gt=0, description="Seconds until a distribution that lacks nodes is reported as failed"
    )
    nodes: Annotated[dict[str, str], NoDecode] = Field(
        default_factory=dict, description="Nodes registered at start, comma-separated `name=url`"
    )
    node_networks: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = Field(
        default=(),
        description="Networks in which nodes may be, comma-separated, such as 10.0.0.0/8; everywhere if none is given",
    )
    order_key: str | None = Field(
        default=None, repr=False, description="Private key with which requests to nodes are signed"
    )
    join_token: Annotated[tuple[JoinToken, ...], NoDecode] = Field(
        default=(), repr=False, description="Tokens with which agents register themselves, comma-separated"
    )
    waves: str = Field(
        default="100",
        max_length=200,
        description="Of how many nodes, in percent, each wave leads a version to: 5,25,100; 100: all at once",
    )
    wave_canaries: str | None = Field(
        default=None, pattern=r"^[^=,]{1,60}=[^=,]{1,200}$", description="Label, name=value, of the nodes that go first"
    )
    wave_soak_seconds: float = Field(
        default=60.0, ge=0, le=604_800, description="Seconds for which a complete wave is looked at before the next"
    )
    wave_health_url: Address | None = Field(
        default=None, description="Answers 2xx while what plays is well; three other answers in a row pause the waves"
    )
    wave_failure: Literal["pause", "rollback"] = Field(
        default="pause",
        description="What a version is to do that something is wrong with: wait for a person, or also be rolled back",
    )
    artifacts_presigned: bool = Field(
        default=False, description="Have nodes fetch from the bucket itself, by addresses that are good for a while"
    )
    node_silence_seconds: float = Field(
        default=600, ge=240, le=86_400, description="Seconds for which what a node last said of its disk counts"
    )
    most_streams: int = Field(
        default=200, ge=1, le=100_000, description="Open streams of progress at most; one more is answered 503"
    )
    leader_seconds: float = Field(
        default=10,
        ge=1,
        le=300,
        description="Silent for so long, a process of this service is taken over from by another",
    )
    reconcile_seconds: float = Field(default=2, gt=0, le=3600, description="Longest time between two passes")

    @field_validator("order_key")
    @classmethod
    def _is_key(cls, value: str | None) -> str | None:
        if value:
            key_bytes(value)
        return value or None

    def faults(self) -> list[str]:
        """A service that is not open to this machine alone signs its orders, because nodes elsewhere take no others."""
        if self.artifacts_presigned and not (self.artifacts_url or "").startswith("s3://"):
            own = [f"{PREFIX}ARTIFACTS_PRESIGNED needs a bucket: {PREFIX}ARTIFACTS_URL=s3://bucket/prefix"]
        else:
            own = []
        own += transport_faults(f"{PREFIX}DISTRIBUTION_TRANSPORT", self.distribution_transport)
        if self.is_loopback or self.order_key:
            return [*super().faults(), *own]
        unsigned = f"{PREFIX}HOST={self.host} is not loopback, so {PREFIX}ORDER_KEY must be set (see docs/security.md)"
        return [*super().faults(), *own, unsigned]

    @field_validator("waves")
    @classmethod
    def _ascend(cls, value: str) -> str:
        try:
            shares = shares_of(value)
        except ValueError:
            shares = ()
        ascend = all(before < after for before, after in pairwise((0.0, *shares)))
        if not ascend or not shares or shares[-1] != 1 or len(shares) > MOST_WAVES:
            raise ValueError(
                f"{value!r} must be up to {MOST_WAVES} ascending shares in percent that end with 100, such as 5,25,100"
            )
        return value

    @field_validator("wave_canaries", "wave_health_url", mode="before")
    @classmethod
    def _no_canaries(cls, value: object) -> object:
        return value or None

    @property
    def wave_plan(self) -> WavePlan:
        """How versions are led to more and more nodes."""
        name, _, value = (self.wave_canaries or "").partition("=")
        rolls_back = self.wave_failure == "rollback"
        return WavePlan(shares_of(self.waves), self.wave_soak_seconds, (name, value) if name else None, rolls_back)

    @field_validator("join_token", "node_networks", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("nodes", mode="before")
    @classmethod
    def _split_nodes(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        nodes: dict[str, str] = {}
        for entry in filter(None, (part.strip() for part in value.split(","))):
            name, equals, url = entry.partition("=")
            if not equals or name in nodes:
                raise ValueError(f"{entry!r} must be name=url, each name once, such as node-1=http://10.0.0.1:8780")
            nodes[name] = NodeRegistration(name=name, url=url).url
        return nodes
