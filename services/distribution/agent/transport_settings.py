"""How models come to a node: the agent's part of the environment for transports."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.contract.words import AGENT_SWARM_PORT

MOST_RATE = (1 << 31) - 1
"""The largest limit that libtorrent takes."""
Chosen = Literal["auto", "http", "swarm"]


class TransportSettings(BaseSettings):
    """What an agent reads of it."""

    model_config = SettingsConfigDict(env_prefix="RINGRIFT_", extra="ignore", frozen=True)

    agent_transport: Chosen = Field(
        default="auto",
        description="How models come: from other nodes too, where libtorrent is installed (auto), from the distribution service "
        "alone (http), or from other nodes too, and no start without libtorrent (swarm)",
    )
    agent_swarm_port: int = Field(
        default=AGENT_SWARM_PORT, ge=0, le=65535, description="TCP port for other nodes; 0: any that is free"
    )
    agent_swarm_connections: int = Field(
        default=64, ge=4, le=10_000, description="Connections with other nodes, at most"
    )
    agent_upload_bytes: int = Field(
        default=0, ge=0, le=MOST_RATE, description="Bytes a second to other nodes; 0: no limit"
    )
    agent_download_bytes: int = Field(
        default=0, ge=0, le=MOST_RATE, description="Bytes a second from the swarm; 0: no limit"
    )
    agent_stall_seconds: float = Field(
        default=15, ge=1, le=3600, description="Seconds without a byte from the swarm, until HTTP takes over"
    )


def transport_faults(variable: str, chosen: Chosen) -> list[str]:
    """What is wrong with a choice."""
    if chosen != "swarm" or find_spec("libtorrent") is not None:
        return []
    return [f"{variable}=swarm needs libtorrent: install ringrift-suite[swarm], or set it to auto"]
