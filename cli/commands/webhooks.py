"""`ringrift webhooks`: who is told of the promotion service's events; added, listed, replayed and removed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer
from ringrift_client import PROMOTION_URL

from cli.credentials import ApiKey
from cli.ledger import PromotionUrl, ledger_at, moment, shortened
from cli.output import AsJson, Output
from shared.contract.words import NoticeFormat

COLUMNS = ("id", "receiver", "format", "types", "waiting", "taken", "dead", "last taken", "last error")
WebhookId = Annotated[str, typer.Argument(help="As `ringrift webhooks ls` shows it")]
webhooks = typer.Typer(name="webhooks", help="Who is told of promotions and refusals.", no_args_is_help=True)


@webhooks.command("ls")
def ls(url: PromotionUrl = PROMOTION_URL, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """List webhooks and how they fare. Exit code: 0 done, 2 error. Example: ringrift webhooks ls"""
    output = Output(as_json=as_json)
    with ledger_at(url, api_key, output) as ledger:
        found = ledger.webhooks()
    output.result(found)
    if found["items"]:
        output.table(COLUMNS, map(_row, found["items"]))
    else:
        output.say("nobody is told of anything")


@webhooks.command("add")
def add(
    receiver: Annotated[str, typer.Argument(help="Where notices are posted, such as https://hooks.example/ringrift")],
    event_type: Annotated[
        list[str] | None, typer.Option("--type", help="Of these events only, such as MODEL_PROMOTED; repeat it for each")
    ] = None,
    notice_format: Annotated[
        NoticeFormat, typer.Option("--format", help="json: the events themselves; slack, discord: messages for such a chat")
    ] = "json",
    url: PromotionUrl = PROMOTION_URL, api_key: ApiKey = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Have a receiver told of events from now on; shows the secret of its signatures, this once.

    Exit code: 0 done, 1 there are too many, 2 error. Example: ringrift webhooks add https://hooks.example/x --type MODEL_PROMOTED
    """
    output = Output(as_json=as_json)
    with ledger_at(url, api_key, output) as ledger:
        added = ledger.add_webhook(receiver, event_type or (), notice_format)
    output.say(f"{added['id']} is told from now on; its secret, which is not shown again: {added['secret']}")
    output.result(added)


@webhooks.command("rm")
def rm(
    webhook_id: WebhookId, url: PromotionUrl = PROMOTION_URL, api_key: ApiKey = None, as_json: AsJson = False
) -> None:
    """Tell a receiver nothing more. Exit code: 0 done, 2 error. Example: ringrift webhooks rm ID"""
    output = Output(as_json=as_json)
    with ledger_at(url, api_key, output) as ledger:
        removed = ledger.remove_webhook(webhook_id)
    output.say(f"{removed['url']} is told nothing more; {removed['waiting']} notices waited for it")
    output.result(removed)


@webhooks.command("replay")
def replay(
    webhook_id: WebhookId,
    after: Annotated[
        str | None, typer.Option(help="A cursor of GET /v1/events, 0.0 for its beginning; without it what is dead")
    ] = None,
    url: PromotionUrl = PROMOTION_URL, api_key: ApiKey = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Send again what a receiver lost: everything after a cursor, or what was given up.

    Exit code: 0 done, 2 error. Example: ringrift webhooks replay ID --after 0.0
    """
    output = Output(as_json=as_json)
    with ledger_at(url, api_key, output) as ledger:
        replayed = ledger.replay_webhook(webhook_id, after)
    output.say(f"{replayed['waiting']} notices wait for {replayed['url']}")
    output.result(replayed)


def _row(each: Mapping[str, Any]) -> tuple[str, ...]:
    counts = (str(each[name]) for name in ("waiting", "taken", "dead"))
    types, taken = ", ".join(each["types"]) or "all", moment(each["last_taken_at"])
    return each["id"], each["url"], each["format"], types, *counts, taken, shortened(each["last_error"] or "")


def register(root: typer.Typer) -> None:
    """Make it a group of sub-commands."""
    root.add_typer(webhooks)
