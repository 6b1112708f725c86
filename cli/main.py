"""The `ringrift` command: one sub-command for each thing an operator or trainer does."""

from __future__ import annotations

import typer

from cli import announce, demo, game, migrate, promote, train, up

app = typer.Typer(
    name="ringrift",
    help="Plays, judges, promotes and delivers game-playing models.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)
app.command("demo")(demo.demo)
app.command("up")(up.up)
app.command("announce")(announce.announce)
app.command("promote")(promote.promote)
app.command("train")(train.train)
app.command("migrate")(migrate.migrate_command)
app.add_typer(game.app, name="game")
