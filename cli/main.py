"""The `ringrift` command: one sub-command for each thing an operator or trainer does. Every module of cli/commands is found."""

from __future__ import annotations

import os
from importlib import import_module
from pkgutil import iter_modules
from typing import Annotated

import typer

from cli import commands
from cli.output import Output
from shared.process.release import VERSION
from shared.process.settings import unknown

ERROR = 2
app = typer.Typer(
    name="ringrift",
    help="Plays, judges, promotes and delivers game-playing models.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)


def show_version(wanted: bool) -> None:
    """Say which release this is, and end."""
    if wanted:
        Output().say(f"ringrift-suite {VERSION}")
        raise typer.Exit


@app.callback()
def check_settings(
    version: Annotated[
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="Say which release this is, and end")
    ] = False,
) -> None:
    """Refuse settings in the shell that no part of the suite reads: a misspelt one would be ignored."""
    if faults := unknown(os.environ):
        Output().fail("\n".join(faults))
        raise typer.Exit(ERROR)


for found in iter_modules(commands.__path__):
    import_module(f"{commands.__name__}.{found.name}").register(app)
