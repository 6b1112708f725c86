"""The gauntlet service as commands reach it: its options, and how what goes wrong is told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated
from uuid import UUID

import typer
from ringrift_client import Evaluations, FrontDoorError

from cli.credentials import presented
from cli.output import Output

ERROR = 2
"""The exit code of a command that could not do what it was asked."""
GauntletUrl = Annotated[str, typer.Option("--gauntlet", envvar="RINGRIFT_GAUNTLET_URL", help="The gauntlet service")]
EvaluationId = Annotated[str, typer.Argument(help="As `ringrift evaluation ls`, /status and the events name it")]


@contextmanager
def evaluations_at(url: str, api_key: str | None, output: Output) -> Iterator[Evaluations]:
    """The service's evaluations, while the block lasts. What cannot be had is told, and ends the command."""
    try:
        with Evaluations(url, presented(api_key, "gauntlet")) as evaluations:
            yield evaluations
    except FrontDoorError as error:
        output.fail(str(error))
        raise typer.Exit(ERROR) from None


def identity(given: str) -> str:
    """An evaluation's id. FrontDoorError for what can be none, so that nobody is asked."""
    try:
        return str(UUID(given))
    except ValueError:
        raise FrontDoorError(f"{given!r} is no evaluation's id; `ringrift evaluation ls` lists them") from None
