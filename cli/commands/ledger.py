"""`ringrift ledger`: its epoch, and saying that it was restored from a backup."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer
from ringrift_client import PROMOTION_URL, Ledger

from cli.credentials import ApiKey
from cli.ledger import REFUSED, PromotionUrl, Reason, ledger_at, moment
from cli.output import AsJson, Output

app = typer.Typer(help="See the ledger's epoch, and say that it was restored from a backup.", no_args_is_help=True)


@app.command("show")
def show(url: PromotionUrl = PROMOTION_URL, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """Show the epoch that the ledger is in, and who is ahead of it.

    Exit code: 0 done, 2 error. Example: ringrift ledger show
    """
    output = Output(as_json=as_json)
    with ledger_at(url, api_key, output) as ledger:
        epoch, agreement = ledger.epoch(), _agreement(ledger)
    begun = (
        f", begun {moment(epoch['begun_at'])} by {epoch['begun_by']}: {epoch['reason']}" if epoch["begun_by"] else ""
    )
    output.say(f"epoch {epoch['epoch']}{begun}")
    _say_apart(output, agreement)
    output.result({**epoch, "ledger": agreement})


@app.command("restored")
def restored(
    reason: Reason,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without, it is only told what would follow")] = False,
    url: PromotionUrl = PROMOTION_URL,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Say that the ledger was restored from a backup: it begins an epoch, and nodes go by what is canonical in it now.

    What was promoted after the backup was made counts no more. It needs a key of scope force.
    Exit code: 0 the epoch has begun; 1 it has not, --yes is missing; 2 error.
    Example: ringrift ledger restored --reason "restored the backup of Sunday" --yes
    """
    output = Output(as_json=as_json)
    with ledger_at(url, api_key, output) as ledger:
        agreement = _agreement(ledger)
        epoch = ledger.restored(reason, dry_run=not yes)
    _say_apart(output, agreement)
    if yes:
        output.say(
            f"epoch {epoch['epoch']} has begun: nodes go by what is canonical now; ringrift status shows how far they are"
        )
    else:
        output.say(
            f"nothing was done; with --yes epoch {epoch['epoch']} begins, and what stands above goes back to the ledger's"
        )
    output.result({**epoch, "begun": yes, "ledger": agreement})
    if not yes:
        raise typer.Exit(REFUSED)


def _agreement(ledger: Ledger) -> Any:
    """What the distribution service says of ledger and nodes, None if it does not."""
    return ledger.status()["ledger"]


def _say_apart(output: Output, agreement: Mapping[str, Any] | None) -> None:
    for line in _apart(agreement):
        output.say(line)


def _apart(agreement: Mapping[str, Any] | None) -> Iterator[str]:
    """Who is not where the ledger is, a line for each."""
    if agreement is None:
        yield "the distribution service does not say what the nodes hold"
        return
    for each in agreement["differences"]:
        here, ledger = (each[side]["version"] if each[side] else "none" for side in ("here", "ledger"))
        yield f"nodes are given version {here} of {each['configuration']}, and the ledger has {ledger}"
    for each in agreement["ahead"]:
        yield f"{each['node']} holds version {each['version']} of {each['configuration']}, beyond the ledger"
    if not agreement["differences"] and not agreement["ahead"]:
        yield "nobody is seen to be ahead of the ledger"


def register(root: typer.Typer) -> None:
    """Make it a sub-command."""
    root.add_typer(app, name="ledger")
