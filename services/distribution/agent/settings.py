"""The agent's part of the environment."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from shared.process.settings import BaseServiceSettings


class AgentSettings(BaseServiceSettings):
    """What an agent reads."""

    agent_port: int = Field(default=8780, ge=1, le=65535)
    agent_node: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$", description="The name under which the node is registered"
    )
    agent_dir: Path = Field(default=Path("data/agent"), description="Folder of the node's models")
    distribution_url: str = Field(
        default="http://127.0.0.1:8772", description="The one service that models are fetched from"
    )
