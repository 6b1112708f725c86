"""`ringrift curriculum`: how much of the training each configuration should get."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import typer
from ringrift_client import PROMOTION_URL

from cli.credentials import ApiKey
from cli.ledger import PromotionUrl, ledger_at, moment
from cli.output import AsJson, Output

COLUMNS = ("configuration", "weight", "share", "struggle", "staleness", "candidates", "since")


def curriculum(url: PromotionUrl = PROMOTION_URL, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """List what is known of each configuration, and the weight that it should get in the training; 1 is the mean.

    Exit code: 0 done, 2 error. Example: ringrift curriculum
    """
    output = Output(as_json=as_json)
    with ledger_at(url, api_key, output) as ledger:
        found = ledger.curriculum()
    output.result(found)
    if found["items"]:
        output.table(COLUMNS, map(_row, found["items"]))
    else:
        output.say("nothing is known of any configuration yet: each counts 1")


def _row(each: Mapping[str, Any]) -> tuple[str, ...]:
    figures = (f"{each[name]:.3f}" for name in COLUMNS[1:5])
    return each["configuration"], *figures, str(each["candidates"]), moment(each["since"])


def register(root: typer.Typer) -> None:
    """Make it a sub-command."""
    root.command("curriculum")(curriculum)
