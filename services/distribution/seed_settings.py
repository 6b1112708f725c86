"""How models go to nodes: the distribution service's part of the environment for the swarm."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.distribution.agent.schemas import MOST_SIZE
from services.distribution.agent.transport_settings import MOST_RATE, Chosen
from shared.contract.words import SEED_PORT


class SeedSettings(BaseSettings):
    """What the distribution service reads of it."""

    model_config = SettingsConfigDict(env_prefix="RINGRIFT_", extra="ignore", frozen=True)

    distribution_transport: Chosen = Field(
        default="auto",
        description="How models go to nodes: from node to node too, where libtorrent is installed (auto), from this service alone "
        "(http), or from node to node too, and no start without libtorrent (swarm)",
    )
    seed_address: str | None = Field(
        default=None,
        max_length=253,
        pattern=r"^[A-Za-z0-9._:-]+$",
        description="Host where nodes find this service's part in the swarm; that of RINGRIFT_DISTRIBUTION_URL if not given",
    )
    seed_port: int = Field(default=SEED_PORT, ge=0, le=65535, description="TCP port of it; 0: any that is free")
    seed_connections: int = Field(
        default=200, ge=4, le=10_000, description="Connections with nodes in the swarm, at most"
    )
    seed_bytes: int = Field(
        default=0, ge=0, le=MOST_RATE, description="Bytes a second into the swarm, at most; 0: no limit"
    )
    swarm_smallest_bytes: int = Field(
        default=8 << 20, ge=1 << 20, le=MOST_SIZE, description="Models that are smaller go over HTTP"
    )
