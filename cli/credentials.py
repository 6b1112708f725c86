"""The key that a command presents: from its option, or from the environment and its `_FILE` variables."""

from __future__ import annotations

from typing import Annotated

import typer
from ringrift_client.environment import key_for

VARIABLES = "otherwise RINGRIFT_{}_KEY or RINGRIFT_API_KEY, or the file that one of them with _FILE names"
ApiKey = Annotated[
    str | None,
    typer.Option(help="Where the suite wants keys; " + VARIABLES.format("{GAUNTLET,PROMOTION,DISTRIBUTION}")),
]


def presented(option: str | None, service: str) -> str | None:
    """The key for a service, None for none. MisconfiguredError if the environment's cannot be read."""
    return option or key_for(service)
