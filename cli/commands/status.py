"""`ringrift status`: the suite at a glance, once or again and again. It judges nothing; `ringrift doctor` does."""

from __future__ import annotations

import time
from typing import Annotated, Any

import typer
from ringrift_client import PROMOTION_URL, FrontDoor, FrontDoorError

from cli.credentials import ApiKey, presented
from cli.ledger import ERROR, PromotionUrl
from cli.output import AsJson, Output
from cli.overview import CANONICAL, EVENTS, RECENT, canonical_rows, decided, event_rows, open_lines


def status(
    watch: Annotated[bool, typer.Option("--watch", help="Again whenever something changed, until Ctrl-C")] = False,
    interval: Annotated[float, typer.Option(min=0.2, max=3600, help="Seconds between two looks, with --watch")] = 2,
    url: PromotionUrl = PROMOTION_URL,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Show what is canonical, who holds it, what is under way, and what happened lately.

    Exit code: 0 shown, whatever it says; 2 the front door could not be asked. Example: ringrift status --watch
    """
    output = Output(as_json=as_json)
    shown: Any = None
    try:
        with FrontDoor(url, presented(api_key, "promotion")) as door:
            while True:
                found = door.status()
                if _lasting(found) != shown:
                    shown = _lasting(found)
                    _show(output, found)
                if not watch:
                    return
                time.sleep(interval)
    except KeyboardInterrupt:
        return
    except FrontDoorError as error:
        output.fail(str(error))
        raise typer.Exit(ERROR) from None


def _lasting(found: Any) -> Any:
    """What is worth showing again when it changes: not when somebody last looked at a node."""
    return canonical_rows(found), list(open_lines(found)), [each["id"] for each in found["recent_events"][:RECENT]]


def _show(output: Output, found: Any) -> None:
    output.result(found)
    if output.console.is_terminal and not output.as_json:
        output.console.clear()
    rows = canonical_rows(found)
    if rows:
        output.table(CANONICAL, rows)
    else:
        output.say("no configuration has a canonical version yet")
    for line in open_lines(found):
        output.say(line)
    output.say(decided(found))
    events = found["recent_events"][:RECENT]
    if events:
        output.table(EVENTS, event_rows(events))


def register(root: typer.Typer) -> None:
    """Make it a sub-command."""
    root.command("status")(status)
