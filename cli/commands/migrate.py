"""`ringrift migrate`: bring the database's schemas to the version of this code."""

from __future__ import annotations

import os
import signal
import time
from typing import Annotated, NoReturn

import typer
from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError

from cli.output import Output
from shared.process.postgres_spelling import EXAMPLE, with_password
from shared.process.repeated import cause_of
from shared.process.secret_files import FILE, SecretError, secret_of
from shared.service.migrations import migrate
from shared.storage.outages import outage
from shared.storage.unusable import UnusableServerError

VARIABLE, PASSWORD = "RINGRIFT_DATABASE_URL", "RINGRIFT_DATABASE_PASSWORD"


def migrate_command(
    database_url: Annotated[
        str | None, typer.Option(help=f"{EXAMPLE}; otherwise what {VARIABLE} or {VARIABLE}{FILE} gives")
    ] = None,
    wait: Annotated[float, typer.Option(help="Seconds to wait for the database to answer")] = 60,
) -> None:
    """Create or upgrade the schemas of all three services. Safe to run again, and at the same time twice."""
    signal.signal(
        signal.SIGTERM, signal.default_int_handler
    )  # which the first process of a container ignores by itself
    try:
        _migrate(database_url or _address(), time.monotonic() + wait)
    except (SecretError, UnusableServerError) as error:
        _fail(str(error))
    except ValueError as error:
        _fail(f"{VARIABLE}: {error}")
    except (CommandError, DBAPIError) as error:
        _fail(f"the schemas cannot be brought up to date: {cause_of(error)}")
    Output().say("the schemas gauntlet, promotion and distribution are up to date")


def _address() -> str:
    """The address of the environment, with the password that is given apart from it."""
    address, password = (secret_of(name, os.environ) or "" for name in (VARIABLE, PASSWORD))
    return with_password(address, password) if address and password else address


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
