"""The `ringrift` command: one sub-command for each thing an operator or trainer does. Every module of cli/commands is found."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

import typer

from cli import commands

app = typer.Typer(
    name="ringrift",
    help="Plays, judges, promotes and delivers game-playing models.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)
for found in iter_modules(commands.__path__):
    import_module(f"{commands.__name__}.{found.name}").register(app)
