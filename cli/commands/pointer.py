"""`ringrift rollback` and `ringrift history`: the canonical pointer, moved back and looked back on."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import typer
from ringrift_client import PROMOTION_URL

from cli.credentials import ApiKey
from cli.ledger import AtMost, OfConfiguration, PromotionUrl, Reason, Seen, ledger_at, moment, say_moved, shortened
from cli.output import AsJson, Output

COLUMNS = ("version", "kind", "digest", "promoted at", "by", "because")


def rollback(
    configuration: OfConfiguration,
    reason: Reason,
    to: Annotated[
        int | None,
        typer.Option(min=1, help="The version; if not given, the newest before with other bytes that are not marked"),
    ] = None,
    mark: Annotated[bool, typer.Option(help="Mark the bytes that are left as bad")] = True,
    seen: Seen = None,
    url: PromotionUrl = PROMOTION_URL,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Make an earlier version's bytes canonical again, as a new and higher version that is delivered to every node.

    Exit code: 0 done, 1 refused (pinned, another version than was seen, those bytes already), 2 error.
    Example: ringrift rollback hex8_2p --to 6 --reason "loses as second player" --seen 7
    """
    output = Output(as_json=as_json)
    with ledger_at(url, api_key, output) as ledger:
        head = ledger.roll_back(configuration, reason, to, seen, mark=mark)
    say_moved(output, head)


def history(
    configuration: OfConfiguration,
    at: Annotated[
        datetime | None, typer.Option(help="Only what was canonical at this moment, local time unless it has a zone",
        formats=["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d"])
    ] = None,
    before: Annotated[int | None, typer.Option(min=1, help="Only versions lower than this")] = None,
    limit: AtMost = 20,
    url: PromotionUrl = PROMOTION_URL,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """List the canonical versions of a configuration, newest first.

    Exit code: 0 done, 2 error, also where there was no version at that moment.
    Example: ringrift history hex8_2p --at 2026-01-31T12:00:00
    """
    output = Output(as_json=as_json)
    with ledger_at(url, api_key, output) as ledger:
        if at is None:
            page = ledger.versions(configuration, limit, before)
        else:
            page = {"items": [ledger.canonical(configuration, at.astimezone().isoformat())], "next": None}
    output.result(page)
    if not page["items"]:
        return output.say(f"{configuration} has no canonical version yet")
    output.table(COLUMNS, map(_row, page["items"]))
    if page["next"]:
        output.say(f"older ones: --before {page['next']}")


def _row(each: dict[str, Any]) -> tuple[str, ...]:
    at, by = moment(each["promoted_at"]), each["promoted_by"]
    return str(each["version"]), each["kind"], each["digest"][:12], at, by, shortened(each["reason"])


def register(root: typer.Typer) -> None:
    """Make them sub-commands."""
    root.command("rollback")(rollback)
    root.command("history")(history)
