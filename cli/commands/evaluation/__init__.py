"""`ringrift evaluation`: see, follow, check and cancel evaluations, and look at their games. A module for each verb."""

from __future__ import annotations

import typer

from cli.commands.evaluation import cancel, crashes, games, ls, reproduce, show, verify, watch
from cli.commands.replay import replay

app = typer.Typer(help="See, follow, check and cancel evaluations, and look at their games.", no_args_is_help=True)
VERBS = (
    ls.ls, show.show, watch.watch, games.games, replay, verify.verify, crashes.crashes, reproduce.reproduce, cancel.cancel,
)  # fmt: skip
for verb in VERBS:
    app.command()(verb)


def register(root: typer.Typer) -> None:
    """Make it a group of sub-commands."""
    root.add_typer(app, name="evaluation")
