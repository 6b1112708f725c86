"""The agent's part of the environment."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from shared.contract.words import AGENT_PORT, DISTRIBUTION_PORT, NodeName, Port
from shared.process.settings import BaseServiceSettings


class AgentSettings(BaseServiceSettings):
    """What an agent reads."""

    agent_port: Port = AGENT_PORT
    agent_node: NodeName = Field(description="The name under which the node is registered")
    agent_dir: Path = Field(default=Path("data/agent"), description="Folder of the node's models")
    distribution_url: str = Field(
        default=f"http://127.0.0.1:{DISTRIBUTION_PORT}", description="The one service that models are fetched from"
    )
