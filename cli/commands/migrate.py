"""`ringrift migrate`: bring the database's schemas to the version of this code."""

from __future__ import annotations

import time
from typing import Annotated

import typer
from sqlalchemy.exc import DBAPIError

from shared.service.migrations import migrate


def migrate_command(
    database_url: Annotated[
        str, typer.Option(envvar="RINGRIFT_DATABASE_URL", help="postgresql+asyncpg://user:password@host/database")
    ],
    wait: Annotated[float, typer.Option(help="Seconds to wait for the database to answer")] = 60,
) -> None:
    """Create or upgrade the schemas of all three services. Safe to run again, and at the same time twice."""
    deadline = time.monotonic() + wait
    while True:
        try:
            migrate(database_url)
        except (OSError, DBAPIError) as error:
            if time.monotonic() > deadline:
                typer.echo(f"the database cannot be reached: {error}", err=True)
                raise typer.Exit(1) from None
            time.sleep(1)
        else:
            typer.echo("the schemas gauntlet, promotion and distribution are up to date")
            return


def register(root: typer.Typer) -> None:
    """Make it a sub-command."""
    root.command("migrate")(migrate_command)
