"""Options that several verbs read in the same way."""

from __future__ import annotations

from typing import Annotated

import typer

Parameters = Annotated[
    list[str] | None, typer.Option(help="One of the architecture's parameters, as name=number; repeat it for each")
]


def parsed(given: list[str] | None) -> dict[str, int]:
    """Parameters as they are written on the command line. typer.BadParameter for what is none."""
    return dict(_parsed(each) for each in given or ())


def _parsed(given: str) -> tuple[str, int]:
    name, _, number = given.partition("=")
    if not name or not number.isdigit():
        raise typer.BadParameter(f"{given!r} is no parameter: give name=number, such as hidden=64")
    return name, int(number)
