"""The ledger as commands reach it: their options, their exit codes, and how what goes wrong is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any
from uuid import UUID

import typer
from ringrift_client import FrontDoorError, Ledger, RefusedError

from cli.credentials import presented
from cli.output import Output

REFUSED, ERROR = 1, 2
"""The exit codes of a command that the ledger refuses, because something else holds there by now, and of any other that failed."""
CONFLICTS = (409, 412)
PromotionUrl = Annotated[str, typer.Option("--url", envvar="RINGRIFT_PROMOTION_URL", help="The front door")]
OfConfiguration = Annotated[str, typer.Argument(help="A configuration, such as hex8_2p")]
OnlyOf = Annotated[str | None, typer.Option("--configuration", help="Of one configuration only, such as hex8_2p")]
DecisionId = Annotated[str, typer.Argument(help="As `ringrift decisions` and /status name it")]
Reason = Annotated[str, typer.Option(help="Why, for whoever reads it later")]
MayReason = Annotated[str | None, typer.Option("--reason", help="Why, for whoever reads the audit later")]
Seen = Annotated[
    int | None,
    typer.Option(min=0, help="The version that you saw: nothing is done unless it still is the one; 0 for none yet"),
]
AtMost = Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many at most")]


@contextmanager
def ledger_at(url: str, api_key: str | None, output: Output) -> Iterator[Ledger]:
    """The ledger, while the block lasts. What it refuses, or cannot be had, is told, and ends the command."""
    try:
        with Ledger(url, presented(api_key, "promotion")) as ledger:
            yield ledger
    except FrontDoorError as error:
        output.fail(str(error))
        conflicts = isinstance(error, RefusedError) and error.status in CONFLICTS
        raise typer.Exit(REFUSED if conflicts else ERROR) from None


def decision_id(given: str) -> str:
    """A decision's id. FrontDoorError for what can be none, so that nobody is asked."""
    try:
        return str(UUID(given))
    except ValueError:
        raise FrontDoorError(f"{given!r} is no decision's id; `ringrift decisions` lists them") from None


def moment(text: str | None) -> str:
    """A time as people read it, to the second, in UTC as the services give it."""
    return (text or "")[:19].replace("T", " ")


def shortened(text: str, longest: int = 80) -> str:
    """A text that fits into a list, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= longest else f"{line[: longest - 3]}..."


def say_moved(output: Output, head: Mapping[str, Any]) -> None:
    """The pointer is another one now."""
    output.say(f"{head['configuration']} is now canonical version {head['version']}, {head['digest'][:12]}")
    output.say(f"  {head['reason']}")
    output.result(head)
