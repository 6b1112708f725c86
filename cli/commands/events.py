"""`ringrift events`: what was said, by the feeds of the three services, and what is said from now on. It changes nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import Annotated, Any

import typer
from ringrift_client import (
    DISTRIBUTION_URL,
    GAUNTLET_URL,
    PROMOTION_URL,
    FrontDoor,
    FrontDoorError,
    NotJsonError,
    RefusedError,
    Transport,
    UnreachableError,
)

from cli.credentials import ApiKey, presented
from cli.ledger import ERROR, AtMost, OnlyOf, PromotionUrl, moment, shortened
from cli.output import AsJson, Output
from cli.overview import EVENTS, event_rows

LATE = 3
"""The exit code of what was followed and did not come in time."""
NOBODYS = "TRAINING_COMPLETED"
"""A type that no feed has: who asks for it is told where the feed ends."""
GONE, AWAY = 410, 500
"""The answers for a cursor of another history, and, from there on, of a service that is not well."""
POLL_SECONDS = 0.5
PAGE = 200
OfType = Annotated[list[str] | None, typer.Option("--type", help="Only of this type; repeat it for each")]
app = typer.Typer(help="See what was said, and follow what is said.", no_args_is_help=True)


@app.command("ls")
def ls(
    of_type: OfType = None,
    configuration: OnlyOf = None,
    limit: AtMost = 20,
    url: PromotionUrl = PROMOTION_URL,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """List the newest events of the whole suite, newest first, as far as the front door shows them: 50.

    Exit code: 0 done, 2 error. Example: ringrift events ls --type EVALUATION_FAILED --configuration hex8_2p
    """
    output = Output(as_json=as_json)
    try:
        with FrontDoor(url, presented(api_key, "promotion")) as door:
            recent = door.status()["recent_events"]
    except FrontDoorError as error:
        output.fail(str(error))
        raise typer.Exit(ERROR) from None
    found = [
        each for each in recent
        if (not of_type or each["type"] in of_type) and configuration in (None, each["configuration"])
    ][:limit]  # fmt: skip
    output.result({"items": found})
    if not found:
        return output.say("no such event among the newest 50")
    output.table(EVENTS, event_rows(found))


@app.command("follow")
def follow(
    of_type: OfType = None,
    configuration: OnlyOf = None,
    service: Annotated[
        list[str] | None, typer.Option(help="Only of gauntlet, promotion or distribution; repeat it for each")
    ] = None,
    count: Annotated[int | None, typer.Option(min=1, help="End after so many")] = None,
    timeout: Annotated[float | None, typer.Option(min=0, help="End after so many seconds")] = None,
    promotion: PromotionUrl = PROMOTION_URL,
    gauntlet: Annotated[str, typer.Option(envvar="RINGRIFT_GAUNTLET_URL")] = GAUNTLET_URL,
    distribution: Annotated[str, typer.Option(envvar="RINGRIFT_DISTRIBUTION_URL")] = DISTRIBUTION_URL,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Print every event from now on, a line for each, until Ctrl-C; with --json each line is a whole event.

    Exit code: 0 ended as asked; 2 error; 3 the time is over before --count events came.
    Example: ringrift events follow --type MODEL_PROMOTED --count 1 --timeout 600
    """
    output = Output(as_json=as_json)
    urls = {"gauntlet": gauntlet, "promotion": promotion, "distribution": distribution}
    if unknown := set(service or ()) - set(urls):
        raise typer.BadParameter(f"{', '.join(unknown)} is no service; there are {', '.join(urls)}")
    left, end = count, None if timeout is None else time.monotonic() + timeout
    try:
        for event in _from_now_on({name: urls[name] for name in service or urls}, api_key, end, output):
            if (of_type and event["type"] not in of_type) or configuration not in (None, event["subject"]):
                continue
            _tell(output, event)
            left = None if left is None else left - 1
            if left == 0:
                return
    except KeyboardInterrupt:
        return
    except FrontDoorError as error:
        output.fail(str(error))
        raise typer.Exit(ERROR) from None
    if count is not None:
        raise typer.Exit(LATE)


def _from_now_on(urls: Mapping[str, str], api_key: str | None, end: float | None, output: Output) -> Iterator[Any]:
    """Events in the order of each feed, until `end`. A service that is away for a while is asked again, from where it was; one
    whose feed has another history by now, because it was restored, from its end."""
    feeds = {
        name: Transport(url, presented(api_key, name), variable=f"RINGRIFT_{name.upper()}_URL")
        for name, url in urls.items()
    }
    cursors = {name: _end_of(feed) for name, feed in feeds.items()}
    output.say(f"following {', '.join(feeds)}; Ctrl-C ends it")
    with ExitStack() as stack:
        for feed in feeds.values():
            stack.callback(feed.close)
        while end is None or time.monotonic() < end:
            for name, feed in feeds.items():
                try:
                    page = feed.call("GET", "/v1/events", params={"after": cursors[name], "limit": PAGE})
                except RefusedError as error:
                    if error.status == GONE:
                        cursors[name] = _end_of(feed)
                    elif error.status < AWAY:
                        raise
                    continue
                except (UnreachableError, NotJsonError):
                    continue
                cursors[name] = page["next"]
                yield from page["items"]
            time.sleep(POLL_SECONDS)


def _end_of(feed: Transport) -> str:
    return str(feed.call("GET", "/v1/events", params={"type": NOBODYS, "limit": 1})["next"])


def _tell(output: Output, event: Mapping[str, Any]) -> None:
    output.result(event)
    told = {
        key: value
        for key, value in event["data"].items()
        if key not in ("board_type", "num_players") and value is not None
    }
    facts = shortened(", ".join(f"{key} {value}" for key, value in told.items()), 160)
    output.say(f"{moment(event['time'])}  {event['type']}  {event['subject']}  {facts}")


def register(root: typer.Typer) -> None:
    """Make it a group of sub-commands."""
    root.add_typer(app, name="events")
