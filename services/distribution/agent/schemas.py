"""Request and response models of the agent."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from shared.contract.words import Digest

Version = Annotated[int, Field(ge=1, description="Canonical version; a node only moves to a higher one")]


class ModelOrder(BaseModel):
    """The version that the node is to hold, and where its bytes are."""

    model_config = ConfigDict(extra="forbid")

    version: Version
    digest: Digest
    size: int = Field(ge=1, le=1 << 44, description="Bytes of the model file")
    source: str = Field(max_length=1024, description="The artifact's address at the configured distribution service")


class HeldModel(BaseModel):
    """A model on the node's disk; the digest is of the bytes there."""

    model_config = ConfigDict(from_attributes=True)

    version: int
    digest: str
    size: int


class FetchProgress(BaseModel):
    """The newest transfer for a configuration; `error` says why it failed."""

    version: int
    digest: str
    size: int
    bytes_done: int
    error: str | None = None


class NodeReport(BaseModel):
    """What the node holds and what it is fetching, by configuration."""

    node: str
    models: dict[str, HeldModel]
    fetches: dict[str, FetchProgress]


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
