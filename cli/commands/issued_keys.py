"""`ringrift keys create`, `ls` and `revoke`: the keys that people are given while the suite runs, kept by the promotion service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer
from ringrift_client import PROMOTION_URL

from cli.commands.keys import keys
from cli.credentials import ApiKey
from cli.ledger import AtMost, PromotionUrl, Reason, ledger_at, moment
from cli.output import AsJson, Output
from shared.contract.words import ServiceName
from shared.process.credentials import Scope

COLUMNS = ("key", "name", "for", "scope", "made", "by", "until", "last used", "revoked")
Why = Annotated[str | None, typer.Option("--reason", help="Why, for whoever reads the audit")]


def create(
    name: Annotated[str, typer.Argument(help="Who will hold it, as the ledger will name them")],
    scope: Annotated[Scope, typer.Option(help="What it is good for: docs/security.md")] = "read",
    service: Annotated[ServiceName, typer.Option(help="The one service that takes it")] = "promotion",
    days: Annotated[float | None, typer.Option(min=0.001, max=3660, help="Good for so long; otherwise until it is revoked")] = None,
    reason: Why = None, url: PromotionUrl = PROMOTION_URL, api_key: ApiKey = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Make a key, which is shown now and never again. It is good for nothing that the key with which it is made is not.

    Exit code: 0 done, 2 error. Example: ringrift keys create anna --scope operate --days 90
    """
    output = Output(as_json=as_json)
    with ledger_at(url, api_key, output) as ledger:
        made = ledger.create_key(name, service, scope, days, reason)
    output.say(f"key of {name} for the {service} service, scope {scope}, shown this once:  {made['key']}")
    output.say(f"to end it:  ringrift keys revoke {made['id']}")
    output.result(made)


def ls(
    service: Annotated[ServiceName | None, typer.Option(help="Of one service only")] = None,
    revoked: Annotated[bool, typer.Option("--revoked", help="Those too that are not good any more")] = False,
    before: Annotated[str | None, typer.Option(help="Older than this key, by its id")] = None,
    limit: AtMost = 100, url: PromotionUrl = PROMOTION_URL, api_key: ApiKey = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """List the keys that were made, newest first, without their secrets. Exit code: 0 done, 2 error. Example: ringrift keys ls"""
    output = Output(as_json=as_json)
    with ledger_at(url, api_key, output) as ledger:
        page = ledger.keys(service, limit, before, revoked=revoked)
    output.result(page)
    if not page["items"]:
        return output.say("no keys were made; those of the services' environments are not listed")
    output.table(COLUMNS, map(_row, page["items"]))
    if page["next"]:
        output.say(f"older ones: --before {page['next']}")


def revoke(
    key: Annotated[str, typer.Argument(help="As `ringrift keys ls` shows it")],
    reason: Reason = "revoked", url: PromotionUrl = PROMOTION_URL, api_key: ApiKey = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """End a key for ever; it is refused within seconds. Exit code: 0 done, 2 error. Example: ringrift keys revoke 3f2a9c1e"""
    output = Output(as_json=as_json)
    with ledger_at(url, api_key, output) as ledger:
        ended = ledger.revoke_key(key, reason)
    output.say(f"{ended['name']} ({ended['id']}) is revoked")
    output.result(ended)


def _row(each: Mapping[str, Any]) -> tuple[str, ...]:
    made, until, used = moment(each["created_at"]), moment(each["expires_at"]), each["last_used_on"] or ""
    who = each["id"], each["name"], each["service"], each["scope"]
    return (*who, made, each["created_by"], until, used, each["revoked_because"] or "")


def register(root: typer.Typer) -> None:
    """Make them sub-commands of `ringrift keys`."""
    for verb in (create, ls, revoke):
        keys.command(verb.__name__)(verb)
