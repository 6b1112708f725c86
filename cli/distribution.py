"""The distribution service as commands reach it: its options, and how what goes wrong is told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from ringrift_client import FrontDoorError, Nodes

from cli.credentials import presented
from cli.output import Output

ERROR = 2
"""The exit code of a command that could not do what it was asked."""
DistributionUrl = Annotated[
    str, typer.Option("--distribution", envvar="RINGRIFT_DISTRIBUTION_URL", help="The distribution service")
]


@contextmanager
def nodes_at(url: str, api_key: str | None, output: Output) -> Iterator[Nodes]:
    """The service's nodes, while the block lasts. What cannot be had is told, and ends the command."""
    try:
        with Nodes(url, presented(api_key, "distribution")) as nodes:
            yield nodes
    except FrontDoorError as error:
        output.fail(str(error))
        raise typer.Exit(ERROR) from None
