"""`ringrift up`: the whole suite on this machine, left running until Ctrl-C."""

from __future__ import annotations

import os
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from cli.engine import warm_engine
from cli.output import Output
from cli.runbook_folder import link_doors, shell_lines
from local.keeper import STEP_SECONDS, Stopped
from local.process import StartFailed
from local.suite import Suite


def up(
    data: Annotated[
        Path | None, typer.Option(help="Folder that keeps the state across restarts; a temporary one if not given")
    ] = None,
) -> None:
    """Start NATS, Postgres, the three services and three node agents; Ctrl-C stops them.

    Without --data, everything is deleted when it stops. Settings given as RINGRIFT_ variables reach the services.
    Example: RINGRIFT_GAUNTLET_GAMES=20 ringrift up --data ./data
    """
    output = Output()
    settings = {key: value for key, value in os.environ.items() if key.startswith("RINGRIFT_")}
    warm_engine()
    stopped = _stopped_by_signals()
    with _folder(data, output) as folder:
        suite = Suite(folder, settings=settings)
        try:
            with suite.running(
                lambda text: output.say(f"{text} ...", "dim"), lambda text: output.say(text, "yellow"), stopped.wait
            ):
                link_doors(suite.folder)
                _print_addresses(suite, output)
                if unused := suite.unused():
                    output.say(
                        f"Not used, because the suite on this machine has its own: {', '.join(unused)}", "yellow"
                    )
                while not stopped.wait(STEP_SECONDS):
                    suite.tend()
        except Stopped:
            output.say("Stopped before everything had started.")
        except StartFailed as error:
            output.fail(str(error))
            raise typer.Exit(1) from None


def _stopped_by_signals() -> threading.Event:
    """Set by the signals that ask a program in a terminal to end."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stopped.set())
    return stopped


@contextmanager
def _folder(data: Path | None, output: Output) -> Iterator[Path]:
    """The folder that holds everything. One that nobody named is deleted at the end, which is said before and after."""
    if data is not None:
        yield data.absolute()
        return
    with tempfile.TemporaryDirectory(prefix="ringrift-", ignore_cleanup_errors=True) as temporary:
        Path(temporary).chmod(0o711)
        output.say(
            f"Everything is in {temporary} and is DELETED when this stops. To keep it: ringrift up --data FOLDER",
            "bold",
        )
        yield Path(temporary)
    output.say(f"{temporary} is deleted, with every model, decision and log in it.", "bold")


def _print_addresses(suite: Suite, output: Output) -> None:
    url, say = suite.addresses.url, output.say
    say("\nThe suite is up. Ctrl-C stops it.", "bold")
    for name in suite.addresses.all:
        say(f"  {name:13} {url(name)}" + ("/docs" if name in suite.addresses.services else "/health"))
    say(f"  NATS          {suite.nats.url}\n  Postgres      {suite.postgres.url()}")
    say(f"  models        {suite.models}\n  log           {suite.log}")
    say("\nThe runbook (docs/runbook.md) works as printed in another shell after:")
    for line in shell_lines(suite.folder, suite.addresses, suite.settings):
        say(f"  {line}")
    say("\nPut a model into the models folder, then:")
    body = '{"model_path": "models/my_model.pth", "board_type": "hex8", "num_players": 2}'
    say(f"  curl -X POST {url('promotion')}/admin/promote -H 'Content-Type: application/json' -d '{body}'")
    say(f"  curl -s {url('promotion')}/status")


def register(root: typer.Typer) -> None:
    """Make it a sub-command."""
    root.command("up")(up)
