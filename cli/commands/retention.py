"""`ringrift retention`: what the services keep for how long, what would go now, and letting it go at once."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from ringrift_client import GAUNTLET_URL, PROMOTION_URL, FrontDoorError, Transport

from cli.credentials import ApiKey, presented
from cli.output import AsJson, Output

DISTRIBUTION_URL = "http://127.0.0.1:8772"


def retention(
    promotion_url: Annotated[str, typer.Option(envvar="RINGRIFT_PROMOTION_URL")] = PROMOTION_URL,
    gauntlet_url: Annotated[str, typer.Option(envvar="RINGRIFT_GAUNTLET_URL")] = GAUNTLET_URL,
    distribution_url: Annotated[str, typer.Option(envvar="RINGRIFT_DISTRIBUTION_URL")] = DISTRIBUTION_URL,
    api_key: ApiKey = None,
    prune: Annotated[
        bool, typer.Option(help="Delete now what is over its time, as the services do every hour")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show what is kept for how long, and how many rows are over their time. Example: ringrift retention --prune"""
    output = Output(as_json=as_json)
    urls = {"promotion": promotion_url, "gauntlet": gauntlet_url, "distribution": distribution_url}
    try:
        found = [each for service, url in urls.items() for each in _asked(url, presented(api_key, service), prune)]
    except FrontDoorError as error:
        output.fail(str(error))
        raise typer.Exit(1) from None
    for each in found:
        gone = f"{each['deleted']:,} deleted" if prune else f"{each['overdue']:,} would go now"
        kept = f"{each['what']} for {each['keep_days']:g} days"
        output.say(f"{each['table']:26} about {each['rows']:,} rows, {each['bytes']:,} bytes; {kept}; {gone}")
    output.result({"items": found})


def _asked(url: str, api_key: str | None, prune: bool) -> list[dict[str, Any]]:
    service = Transport(url, api_key, seconds=600)
    try:
        deleted = service.call("POST", "/v1/retention")["deleted"] if prune else {}
        items = service.call("GET", "/v1/retention")["items"]
    finally:
        service.close()
    return [{**each, "deleted": deleted.get(each["table"], 0)} for each in items]


def register(root: typer.Typer) -> None:
    """Make it a sub-command."""
    root.command("retention")(retention)
