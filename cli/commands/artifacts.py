"""`ringrift artifacts`: the models of the artifact store, what each is kept for, and letting go of those that nobody needs."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from ringrift_client import PROMOTION_URL, FrontDoorError, Transport

from cli.credentials import ApiKey, presented
from cli.ledger import PromotionUrl, moment
from cli.output import AsJson, Output

PAGE, SECONDS = 1000, 600.0
group = typer.Typer(help="Models of the artifact store.", no_args_is_help=True)


@group.command("ls")
def ls(url: PromotionUrl = PROMOTION_URL, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """List the models that are kept, and what each is needed for. Example: ringrift artifacts ls"""
    output, items, after = Output(as_json=as_json), [], None
    while True:
        page = _asked(
            output, url, api_key, "GET", "/v1/artifacts", {"limit": PAGE, **({"after": after} if after else {})}
        )
        items += page["items"]
        if (after := page["next"]) is None:
            break
    for each in items:
        output.say(_line(each, each["needed_for"] or "nobody needs it"))
    output.say(f"{len(items)} models, {sum(each['size'] for each in items):,} bytes")
    output.result({"items": items})


@group.command("collect")
def collect(
    days: Annotated[
        float | None, typer.Option(min=1, help="Condemn what nobody has needed for so long; otherwise by the setting")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go")] = False,
    url: PromotionUrl = PROMOTION_URL,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Condemn models that nobody needs, and delete those that were condemned long enough ago.

    Exit code: 0 done, 2 error. Example: ringrift artifacts collect --days 90 --dry-run
    """
    output, asked = Output(as_json=as_json), {"dry_run": dry_run, **({"days": days} if days else {})}
    found = _asked(output, url, api_key, "POST", "/v1/artifacts/collection", asked)
    for what in ("condemned", "deleted", "restored"):
        for each in found[what]:
            output.say(_line(each, f"would be {what}" if dry_run else what))
    gone = sum(each["size"] for each in found["deleted"])
    output.say(f"{len(found['condemned'])} condemned, {len(found['deleted'])} deleted ({gone:,} bytes)")
    output.result(found)


def _line(model: Any, what: str) -> str:
    return f"{model['digest']} {model['size']:>13,} bytes  {moment(model['at'])}  {what}"


def _asked(output: Output, url: str, api_key: str | None, method: str, path: str, params: dict[str, Any]) -> Any:
    service = Transport(url, presented(api_key, "promotion"), seconds=SECONDS)
    try:
        return service.call(method, path, params=params)
    except FrontDoorError as error:
        output.fail(str(error))
        raise typer.Exit(2) from None
    finally:
        service.close()


def register(root: typer.Typer) -> None:
    """Make it a group of sub-commands."""
    root.add_typer(group, name="artifacts")
