"""`ringrift approve` and `ringrift reject`: a person's word on a candidate that passed and waits for one."""

from __future__ import annotations

from typing import Annotated

import typer
from ringrift_client import PROMOTION_URL

from cli.credentials import ApiKey
from cli.ledger import DecisionId, PromotionUrl, Reason, Seen, decision_id, ledger_at, say_moved
from cli.output import AsJson, Output


def approve(
    decision: DecisionId,
    reason: Annotated[str | None, typer.Option(help="Why, for whoever reads it later")] = None,
    seen: Seen = None,
    url: PromotionUrl = PROMOTION_URL,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Promote a candidate that passed and waits; `ringrift decisions --awaiting` lists them.

    Exit code: 0 promoted; 1 refused, also where it is evaluated again first because canonical or the policy changed; 2 error.
    Example: ringrift approve 6f0c... --reason "looked at its games" --seen 7
    """
    output = Output(as_json=as_json)
    with ledger_at(url, api_key, output) as ledger:
        head = ledger.approve(decision_id(decision), reason, seen)
    say_moved(output, head)


def reject(
    decision: DecisionId,
    reason: Reason,
    url: PromotionUrl = PROMOTION_URL,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Refuse a candidate that passed and waits, and mark its bytes as bad: they are not promoted by themselves any more.

    Exit code: 0 rejected, 1 it does not wait any more, 2 error. Example: ringrift reject 6f0c... --reason "resigns when ahead"
    """
    output = Output(as_json=as_json)
    with ledger_at(url, api_key, output) as ledger:
        rejected = ledger.reject(decision_id(decision), reason)
    output.say(f"rejected: {rejected['configuration']} {rejected['digest'][:12]}, and marked as bad")
    output.result(rejected)


def register(root: typer.Typer) -> None:
    """Make them sub-commands."""
    root.command("approve")(approve)
    root.command("reject")(reject)
