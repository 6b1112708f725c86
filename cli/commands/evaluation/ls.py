"""`ringrift evaluation ls`: the evaluations, newest first."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from ringrift_client import GAUNTLET_URL

from cli.credentials import ApiKey
from cli.gauntlet import GauntletUrl, evaluations_at, identity
from cli.output import AsJson, Output
from shared.contract.words import EvaluationState


def ls(
    configuration: Annotated[str | None, typer.Option(help="Of one configuration only, such as hex8_2p")] = None,
    state: Annotated[EvaluationState | None, typer.Option(help="In one state only")] = None,
    before: Annotated[str | None, typer.Option(help="Older than this evaluation, by its id")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many at most")] = 20,
    gauntlet: GauntletUrl = GAUNTLET_URL,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """List evaluations, newest first. Example: ringrift evaluation ls --configuration hex8_2p --state failed --limit 5"""
    output = Output(as_json=as_json)
    with evaluations_at(gauntlet, api_key, output) as evaluations:
        older_than = identity(before) if before else None
        page = evaluations.page(configuration, state.value if state else None, older_than, limit)
    output.result(page)
    if not page["items"]:
        output.say("no evaluations")
        return
    output.table(("evaluation", "configuration", "asked for at", "model", "state"), map(_row, page["items"]))
    if page["next"]:
        output.say(f"older ones: --before {page['next']}")


def _row(each: dict[str, Any]) -> tuple[str, ...]:
    state = f"{each['state']}: {each['failure_code']}" if each["failure_code"] else each["state"]
    model = each["model_path"] or (each["digest"] or "")[:12]
    return each["id"], each["configuration"], each["requested_at"][:19].replace("T", " "), model, state
