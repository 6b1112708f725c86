"""`ringrift up`: the whole suite on this machine, left running until Ctrl-C."""

from __future__ import annotations

import os
import signal
import tempfile
import threading
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from cli.engine import warm_engine
from local.ports import is_free
from local.process import StartFailed
from local.suite import Addresses, Suite

console = Console()
TEND_SECONDS = 1.0


def up(
    data: Annotated[
        Path | None, typer.Option(help="Folder that keeps the state across restarts; a temporary one if not given")
    ] = None,
) -> None:
    """Start NATS, Postgres, the three services and three node agents; Ctrl-C stops them.

    Settings given as RINGRIFT_ variables reach the services. Example: RINGRIFT_GAUNTLET_GAMES=20 ringrift up --data ./data
    """
    addresses = Addresses.runbook()
    if not all(is_free(port) for _host, port in [*addresses.services.values(), *addresses.nodes.values()]):
        console.print("The runbook's ports 8770-8772 and 8780 are taken; using free ones.")
        addresses = Addresses.free()
    settings = {key: value for key, value in os.environ.items() if key.startswith("RINGRIFT_")}
    with tempfile.TemporaryDirectory(prefix="ringrift-", ignore_cleanup_errors=True) as temporary:
        Path(temporary).chmod(0o711)
        suite = Suite((data or Path(temporary)).resolve(), addresses, settings=settings)
        try:
            warm_engine()
            with suite.running(lambda text: console.print(f"[dim]{text} ...")):
                _print_addresses(suite)
                _tend_until_stopped(suite)
        except StartFailed as error:
            console.print(f"[red]{error}")
            raise typer.Exit(1) from None


def _tend_until_stopped(suite: Suite) -> None:
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    while not stopped.wait(TEND_SECONDS):
        for name in suite.tend():
            console.print(f"[yellow]{name} had died and was started again; see {suite.log}")


def _print_addresses(suite: Suite) -> None:
    url = suite.addresses.url
    console.print("\n[bold]The suite is up.[/] Ctrl-C stops it.")
    for name in (*suite.addresses.services, *suite.addresses.nodes):
        console.print(f"  {name:13} {url(name)}" + ("/docs" if name in suite.addresses.services else "/health"))
    console.print(f"  NATS          {suite.nats.url}", soft_wrap=True)
    console.print(f"  Postgres      {suite.postgres.url()}", soft_wrap=True)
    console.print(
        f"  models        {suite.models}\n  log           {suite.log}\n\nPut a model into the models folder, then:",
        soft_wrap=True,
    )
    body = '{"model_path": "models/my_model.pth", "board_type": "hex8", "num_players": 2}'
    console.print(
        f"  curl -X POST {url('promotion')}/admin/promote -H 'Content-Type: application/json' -d '{body}'",
        soft_wrap=True,
    )
    console.print(f"  curl -s {url('promotion')}/status", soft_wrap=True)


def register(root: typer.Typer) -> None:
    """Make it a sub-command."""
    root.command("up")(up)
