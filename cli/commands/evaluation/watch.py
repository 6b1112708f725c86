"""`ringrift evaluation watch`: follow an evaluation until it has ended."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from ringrift_client import GAUNTLET_URL

from cli.credentials import ApiKey
from cli.gauntlet import EvaluationId, GauntletUrl, evaluations_at, identity
from cli.output import AsJson, Output
from cli.standing import gates, on_one_line

COMPLETED, FAILED = 0, 1


def watch(
    evaluation_id: EvaluationId,
    patience: Annotated[
        float, typer.Option(min=0, help="Seconds for which the service may be away before this gives up")
    ] = 60,
    gauntlet: GauntletUrl = GAUNTLET_URL,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Follow an evaluation to its end: one line that changes in a terminal, a line for each change elsewhere.

    Exit code 0 if it completed, whatever the games say; 1 if it failed, and has no evidence; 2 if it could not be followed.
    Example: ringrift evaluation watch 6f0c... && ringrift evaluation show 6f0c...
    """
    output = Output(as_json=as_json)
    detail: dict[str, Any] = {}
    going = f"evaluation {evaluation_id} goes on; `ringrift evaluation cancel` ends it"
    with evaluations_at(gauntlet, api_key, output) as evaluations, output.going_on(going), output.progress() as say:
        for detail in evaluations.follow(identity(evaluation_id), patience):
            say(on_one_line(detail))
    if output.console.is_terminal:
        output.say(on_one_line(detail))
    if detail["state"] == "completed":
        output.say(f"the games are over; gates: {gates(detail) or 'the games were skipped'}", style="bold")
    output.result(detail)
    raise typer.Exit(COMPLETED if detail["state"] == "completed" else FAILED)
