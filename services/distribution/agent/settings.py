"""The agent's part of the environment."""

from __future__ import annotations

import shlex
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import NoDecode

from services.distribution.agent.schemas import JoinToken, Labels
from services.distribution.agent.signature import key_bytes
from services.distribution.agent.transport_settings import TransportSettings, transport_faults
from shared.contract.words import AGENT_PORT, DISTRIBUTION_PORT, ConfigurationKey, Digest, NodeName, Port
from shared.process.credentials import Caller
from shared.process.http_settings import Address
from shared.process.settings import PREFIX, BaseServiceSettings


class AgentSettings(BaseServiceSettings, TransportSettings):
    """What an agent reads."""

    CALLS = ("distribution",)
    agent_port: Port = AGENT_PORT
    agent_node: NodeName = Field(description="The name under which the node is registered")
    agent_dir: Path = Field(default=Path("data/agent"), description="Folder of the node's models")
    distribution_url: Address = Field(
        default=f"http://127.0.0.1:{DISTRIBUTION_PORT}", description="The one service that models are fetched from"
    )
    agent_sources: Annotated[tuple[Address, ...], NoDecode] = Field(
        default=(),
        description="Other servers whose addresses an order may name, comma-separated, such as https://s3.example:9000",
    )
    order_public_key: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Public keys of the distribution service, comma-separated; orders are taken under one of them",
    )
    agent_labels: Annotated[Labels, NoDecode] = Field(
        default_factory=dict, description="What people call this node, comma-separated `name=value`"
    )
    agent_configurations: Annotated[tuple[ConfigurationKey, ...], NoDecode] = Field(
        default=(), description="The configurations that this node holds, comma-separated; all if not given"
    )
    agent_reload_command: str = Field(
        default="", description="Program, with its arguments, that is run when another model lies in its place"
    )
    agent_reload_url: str = Field(
        default="",
        pattern="^(https?://.+)?$",
        description="Address that is told by POST when another model lies in its place",
    )
    agent_reload_seconds: float = Field(
        default=60, gt=0, le=3600, description="Seconds after which telling it has failed, and is tried again"
    )
    agent_keeps: int = Field(
        default=1,
        ge=0,
        le=100,
        description="Former models of each configuration that stay, for going back without a transfer",
    )
    agent_pinned: Annotated[tuple[Digest, ...], NoDecode] = Field(
        default=(), description="Digests of former models that stay in any case, comma-separated"
    )
    agent_rehash_seconds: float = Field(
        default=21_600,
        ge=0,
        le=31_536_000,
        description="Seconds from one reading of all models to the next; 0: never again",
    )
    join_token: JoinToken | None = Field(
        default=None,
        repr=False,
        description="Token with which this agent registers its node; without it somebody else does",
    )
    agent_url: Address | None = Field(
        default=None,
        description="Where the distribution service finds this agent; if not given, where it listens or asks from",
    )
    agent_join_seconds: float = Field(
        default=60,
        ge=1,
        le=3600,
        description="Seconds from one registration to the next, which finds what changed meanwhile",
    )
    pointer_root: Path | None = Field(
        default=None,
        description="A root that `ringrift trust init` made: orders are taken only for what is signed under it",
    )
    distribution_key: str | None = Field(default=None, repr=False, description="Key for the distribution service alone")

    @field_validator("pointer_root", mode="before")
    @classmethod
    def _is_root(cls, value: object) -> object:
        if not value:
            return None
        if find_spec("tuf") is None:
            raise ValueError("a signed pointer needs the extra trust: pip install 'ringrift-suite[trust]'")
        from shared.storage.pointer_keys import PointerKeysError, read_root

        try:
            read_root(Path(str(value)).read_bytes())
        except (OSError, PointerKeysError) as error:
            raise ValueError(f"{value} cannot be used: {getattr(error, 'strerror', None) or error}") from None
        return value

    @field_validator("agent_labels", mode="before")
    @classmethod
    def _split_labels(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        entries = [part.strip() for part in value.split(",") if part.strip()]
        if not all("=" in entry for entry in entries):
            raise ValueError("must be name=value, comma-separated, such as rack=b4,gpu=h200")
        return dict(entry.split("=", 1) for entry in entries)

    @field_validator("agent_reload_command")
    @classmethod
    def _is_command(cls, value: str) -> str:
        shlex.split(value)
        return value

    @field_validator("agent_pinned", "agent_configurations", "agent_sources", mode="before")
    @classmethod
    def _split_list(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("order_public_key", mode="before")
    @classmethod
    def _split_public_keys(cls, value: object) -> object:
        keys = tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value
        for key in keys if isinstance(keys, tuple) else ():
            key_bytes(key)
        return keys

    @property
    def own_url(self) -> str | None:
        """Where this agent is, by its settings; None if it listens on every address, so that others see better which one it is."""
        if self.agent_url or self.host in ("0.0.0.0", "::"):
            return self.agent_url
        scheme, host = "https" if self.tls_certificate else "http", f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{host}:{self.agent_port}"

    @property
    def anyone(self) -> Caller | None:
        """As for every process, but once there is a public key, orders need a signature even on loopback."""
        anyone = super().anyone
        if anyone is None or not self.order_public_key:
            return anyone
        return Caller(anyone.name, anyone.rights - {"order"})

    def faults(self) -> list[str]:
        """An agent that is not open to this machine alone takes orders by signature, because no key is ever sent to a node."""
        return self.key_faults() + self._order_faults() + self._reload_faults() + self._transport_faults()

    def _transport_faults(self) -> list[str]:
        return transport_faults(f"{PREFIX}AGENT_TRANSPORT", self.agent_transport)

    def _reload_faults(self) -> list[str]:
        if self.agent_reload_command and self.agent_reload_url:
            return [f"{PREFIX}AGENT_RELOAD_COMMAND and {PREFIX}AGENT_RELOAD_URL are both set; give one"]
        return []

    def _order_faults(self) -> list[str]:
        if self.order_public_key or (self.is_loopback and not self.api_keys):
            return []
        why = f"{PREFIX}API_KEYS is set" if self.is_loopback else f"{PREFIX}HOST={self.host} is not loopback"
        needed = f"{why}, so {PREFIX}ORDER_PUBLIC_KEY must be set, or nobody could order this node"
        return [f"{needed} to hold a model (see docs/security.md)"]
