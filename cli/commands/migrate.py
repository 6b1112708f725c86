"""`ringrift migrate`: bring the database's schemas to the version of this code."""

from __future__ import annotations

import os
import time
from typing import Annotated, NoReturn

import typer
from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError

from cli.output import Output
from shared.process.postgres_spelling import EXAMPLE
from shared.process.repeated import cause_of
from shared.process.secret_files import FILE, SecretError, secret_of
from shared.service.migrations import migrate
from shared.storage.outages import outage
from shared.storage.unusable import UnusableServerError

VARIABLE = "RINGRIFT_DATABASE_URL"


def migrate_command(
    database_url: Annotated[
        str | None, typer.Option(help=f"{EXAMPLE}; otherwise what {VARIABLE} or {VARIABLE}{FILE} gives")
    ] = None,
    wait: Annotated[float, typer.Option(help="Seconds to wait for the database to answer")] = 60,
) -> None:
    """Create or upgrade the schemas of all three services. Safe to run again, and at the same time twice."""
    try:
        _migrate(database_url or secret_of(VARIABLE, os.environ) or "", time.monotonic() + wait)
    except (SecretError, UnusableServerError) as error:
        _fail(str(error))
    except ValueError as error:
        _fail(f"{VARIABLE}: {error}")
    except (CommandError, DBAPIError) as error:
        _fail(f"the schemas cannot be brought up to date: {cause_of(error)}")
    Output().say("the schemas gauntlet, promotion and distribution are up to date")


def _migrate(database_url: str, deadline: float) -> None:
    while True:
        try:
            return migrate(database_url)
        except Exception as error:
            reason = outage(error)
            if reason is None or isinstance(error, UnusableServerError):
                raise
            if time.monotonic() > deadline:
                _fail(f"{reason}: {getattr(error, 'orig', error)}")
        time.sleep(1)


def _fail(text: str) -> NoReturn:
    Output().fail(text)
    raise typer.Exit(1)


def register(root: typer.Typer) -> None:
    """Make it a sub-command."""
    root.command("migrate")(migrate_command)
