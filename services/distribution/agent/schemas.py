"""Request and response models of the agent."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated

import httpx
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from shared.contract.delivery import AgentVersion
from shared.contract.words import (
    AGENT_PORT,
    MOST_ID,
    MOST_NODES,
    STORABLE,
    ConfigurationKey,
    Digest,
    Epoch,
    NodeName,
    Port,
    Reason,
    Version,
)

MOST_SIZE = 1 << 44
"""Bytes of a model file."""
MOST_MODELS = 100
MOST_PEERS = 32
LABEL_PATTERN = "^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$"
Label = Annotated[str, Field(pattern=LABEL_PATTERN)]
Labels = Annotated[
    dict[Label, Label], Field(max_length=32, description="What people call the node", examples=[{"rack": "b4"}])
]
Plays = Annotated[
    list[ConfigurationKey],
    Field(
        max_length=MOST_MODELS,
        description="The configurations that the node holds; null for all",
        examples=[["hex8_2p"]],
    ),
]
Instance = Annotated[
    str,
    Field(
        pattern="^[0-9a-f]{32}$",
        description="Made by the agent on its first start and kept in its folder: tells one machine from another",
        examples=["0f8fad5bd9cb469fa16570867728950e"],
    ),
]
ORDER: JsonDict = {
    "version": 7,
    "digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "size": 25_612,
    "source": "http://10.0.0.2:8772/v1/artifacts/9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
}
"""The example of an order. No key is good for it: an order has the distribution service's signature."""


def _is_ip(value: str) -> str:
    return str(ipaddress.ip_address(value))


class Peer(BaseModel):
    """Where a process takes part in the swarm."""

    model_config = ConfigDict(extra="forbid")

    address: Annotated[
        str, Field(max_length=45, pattern=r"^[0-9a-fA-F:.]+$", examples=["10.0.0.4"]), AfterValidator(_is_ip)
    ]
    port: Port

    @property
    def endpoint(self) -> tuple[str, int]:
        """Both."""
        return self.address, self.port


class SwarmOffer(BaseModel):
    """How the node can get the bytes from others. It begins with the pieces whose number, divided by `slices`, leaves `slice`."""

    model_config = ConfigDict(extra="forbid")

    infohash: Digest = Field(description="Of the torrent, which is at the source's address with /torrent behind it")
    seed: Peer | None = Field(default=None, description="The distribution service")
    peers: list[Peer] = Field(max_length=MOST_PEERS, description="Nodes that hold or fetch the same")
    slice: int = Field(default=0, ge=0, le=MOST_NODES)
    slices: int = Field(default=1, ge=1, le=MOST_NODES)


class ModelOrder(BaseModel):
    """The version that the node is to hold, and where its bytes are."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [ORDER]})

    version: Version
    digest: Digest
    size: int = Field(ge=1, le=MOST_SIZE, description="Bytes of the model file")
    source: str = Field(
        max_length=1024, pattern=STORABLE, description="The artifact's address at the configured distribution service"
    )
    address: str | None = Field(
        default=None, max_length=4096, pattern=STORABLE, repr=False,
        description="Where the bytes are to be had without a credential for a while, in place of the source",
    )  # fmt: skip
    epoch: Epoch = 0

    swarm: SwarmOffer | None = Field(default=None, description="For a node that says where it takes part in the swarm")

    @property
    def fetched_from(self) -> str:
        """Where the bytes are fetched from."""
        return self.address or self.source


class HeldModel(BaseModel):
    """A model on the node's disk; the digest is of the bytes there."""

    model_config = ConfigDict(from_attributes=True)

    version: Version
    digest: Digest
    size: int = Field(ge=0, le=MOST_SIZE)
    epoch: Epoch = 0


class FetchProgress(BaseModel):
    """The newest transfer for a configuration; `error` says why it failed."""

    version: Version
    digest: Digest
    size: int = Field(ge=0, le=MOST_SIZE)
    bytes_done: int = Field(ge=0, le=MOST_SIZE)
    from_peers: int = Field(default=0, ge=0, le=MOST_ID, description="Bytes that other nodes sent")
    from_service: int = Field(
        default=0, ge=0, le=MOST_ID, description="Bytes that the distribution service or the artifact store sent"
    )
    error: Reason | None = None
    epoch: Epoch = 0


class DamagedModel(BaseModel):
    """A file on the node's disk whose bytes are not those of the version that it should be."""

    model_config = ConfigDict(from_attributes=True)

    version: Version
    digest: Digest
    found: Digest | None = Field(description="The digest of its bytes; null if they cannot be read")


class Reload(BaseModel):
    """What came of telling whoever plays on the node of a version; `error`: why it was not taken up, null if it was."""

    model_config = ConfigDict(from_attributes=True)

    version: Version
    digest: Digest
    seconds: float = Field(ge=0, le=1e9, description="That it took")
    error: Reason | None = None


class NodeReport(BaseModel):
    """What the node holds and what it is fetching, by configuration."""

    node: NodeName
    models: dict[ConfigurationKey, HeldModel] = Field(max_length=MOST_MODELS)
    fetches: dict[ConfigurationKey, FetchProgress] = Field(max_length=MOST_MODELS)
    fetched: dict[ConfigurationKey, FetchProgress] = Field(
        default={}, max_length=MOST_MODELS, description="The newest transfer since the agent's start that was published"
    )
    swarm_port: Port | None = Field(default=None, description="Where the node takes part in the swarm, if it does")
    damaged: dict[ConfigurationKey, DamagedModel] = Field(default={}, max_length=MOST_MODELS)
    agent_version: AgentVersion | None = None
    free_bytes: int | None = Field(default=None, ge=0, le=MOST_ID, description="On the disk of its models")
    labels: Labels = {}
    plays: Plays | None = None
    reloads: dict[ConfigurationKey, Reload] = Field(default={}, max_length=MOST_MODELS)
    instance: Instance | None = None
    clock: AwareDatetime | None = Field(default=None, description="The time on this node")


class OrderState(BaseModel):
    """The answer to an order: `held` when the bytes are on disk already, otherwise `fetching`."""

    state: str
    version: int
    digest: str


class Health(BaseModel):
    """The node at a glance."""

    status: str
    node: str
    free_disk_bytes: int
    models: dict[str, HeldModel]


_URL = re.compile(r"https?://[A-Za-z0-9.\-_\[\]:]+(?:/[A-Za-z0-9._~/-]*)?")


def _can_be_asked(address: str) -> bool:
    """Whether who visits nodes makes of it a host, and a port that there can be."""
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL:
        return False
    return bool(url.host) and (url.port is None or 0 < url.port < 65536)


def _require_address(value: str) -> str:
    if _URL.fullmatch(value) is None or not _can_be_asked(value):
        raise ValueError(f"{value!r} is no address of an agent; give one such as http://10.0.0.1:8780")
    return value.rstrip("/")


NodeUrl = Annotated[
    str,
    Field(max_length=300, pattern=STORABLE, description="Address of its agent", examples=["http://10.0.0.1:8780"]),
    AfterValidator(_require_address),
]
JoinToken = Annotated[str, Field(min_length=16, max_length=200, pattern="^[!-+.-~-]+$")]
"""A secret that many agents may share: it is good for registering nodes, and for nothing else."""


class JoinRequest(BaseModel):
    """Which node an agent is, and where."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"name": "node-4", "port": 8780, "instance": "0f8fad5bd9cb469fa16570867728950e", "dry_run": True}
            ],
        },
    )

    name: NodeName
    url: NodeUrl | None = Field(default=None, description="Where it is; if not given, where it asks from")
    port: Port = Field(default=AGENT_PORT, description="On which it listens")
    instance: Instance
    labels: Labels = {}
    plays: Plays | None = None
    dry_run: bool = Field(default=False, description="Only say what it would be taken for")
