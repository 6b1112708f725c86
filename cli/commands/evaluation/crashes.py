"""`ringrift evaluation crashes`: what crashed while an evaluation was played, and what is known of it."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from ringrift_client import GAUNTLET_URL, Evaluations, FrontDoorError

from cli.credentials import ApiKey
from cli.gauntlet import EvaluationId, GauntletUrl, evaluations_at, identity
from cli.output import AsJson, Output


def crashes(
    evaluation_id: EvaluationId,
    number: Annotated[
        int | None, typer.Option(min=1, help="Show this one whole, with its moves and last words")
    ] = None,
    gauntlet: GauntletUrl = GAUNTLET_URL,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """List the games that errored, and the workers and models that were lost.

    Example: ringrift evaluation crashes 6f0c... --number 1
    """
    output = Output(as_json=as_json)
    with evaluations_at(gauntlet, api_key, output) as evaluations:
        known = identity(evaluation_id)
        if number is not None:
            crash = crash_of(evaluations, known, number)
            _show(output, crash)
            return output.result(crash)
        found = evaluations.crashes(known)
    output.result(found)
    if not found["items"]:
        output.say("nothing crashed")
        return
    output.table(("number", "what", "opponent", "game", "moves", "worker", "reason"), map(_row, found["items"]))
    output.say("one of them whole: --number N; played again: ringrift evaluation reproduce ID N")


def crash_of(evaluations: Evaluations, evaluation_id: str, number: int) -> dict[str, Any]:
    """One crash. FrontDoorError if there is none such."""
    items: list[dict[str, Any]] = evaluations.crashes(evaluation_id)["items"]
    for each in items:
        if each["number"] == number:
            return each
    raise FrontDoorError(f"evaluation {evaluation_id} has no crash {number}: it has {len(items)}")


def _row(each: dict[str, Any]) -> tuple[str, ...]:
    place = each["opponent"] or "", _known(each["index"]), _known(each["decisions"])
    return str(each["number"]), each["kind"], *place, each["worker"], each["reason"].replace("\n", " ")[:200]


def _known(value: int | None) -> str:
    return "" if value is None else str(value)


def _show(output: Output, crash: dict[str, Any]) -> None:
    """Everything that is known; what steers a terminal is spelt out."""
    facts = (
        "kind",
        "reason",
        "worker",
        "reported_at",
        "engine",
        "opponent",
        "index",
        "seed",
        "opening_seed",
        "seat",
        "decisions",
    )
    for name in facts:
        if crash[name] is not None:
            output.say(f"{name:13} {crash[name]}")
    for title, text in (("moves", crash["notation"]), ("standard error", crash["stderr"])):
        output.say(f"{title}:" if text else f"{title}: none is known", style="bold")
        if text:
            output.say(text)
