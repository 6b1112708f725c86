"""`ringrift evaluation show`: one evaluation, its model, and its games against each opponent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer
from ringrift_client import GAUNTLET_URL

from cli.credentials import ApiKey
from cli.gauntlet import EvaluationId, GauntletUrl, evaluations_at, identity
from cli.output import AsJson, Output
from cli.standing import circle, gates, interval
from cli.stat_block import stat_block

COLUMNS = ("opponent", "games", "wins", "draws", "losses", "unscored", "win rate", "needed", "verdict")

PANEL_COLUMNS = ("canonical version", "versions ago", "games", "win rate", "95 % interval", "the candidate is")
ESTABLISHED = {"passed": "better", "failed": "worse"}


def show(
    evaluation_id: EvaluationId,
    block: Annotated[bool, typer.Option("--block", help="A block of text to copy: Elo, games, thresholds, verdict")] = False,
    gauntlet: GauntletUrl = GAUNTLET_URL, api_key: ApiKey = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Show one evaluation: what was asked for, how far it is, and what the games say. Example: ringrift evaluation show 6f0c..."""
    output = Output(as_json=as_json)
    with evaluations_at(gauntlet, api_key, output) as evaluations:
        detail = evaluations.read(identity(evaluation_id))
    output.result(detail)
    if block:
        return output.say(stat_block(detail))
    for name, value in _facts(detail):
        if value:
            output.say(f"{name:14} {value}")
    if detail["opponents"]:
        output.table(COLUMNS, map(_games, detail["opponents"]))
    if detail["panel"]:
        output.say("beside the gates, which changes no verdict:")
        output.table(PANEL_COLUMNS, map(_panel_games, detail["panel"]))
    for each in detail["cycles"]:
        output.say(circle(each), style="yellow")


def _facts(detail: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    failure = f"{detail['failure_code']}: {detail['failure_reason']}" if detail["failure_code"] else None
    yield from (("evaluation", detail["id"]), ("configuration", detail["configuration"]), ("state", detail["state"]))
    yield from (("failed because", failure), ("waits for", detail["waits_for"]), ("gates", gates(detail)))
    yield from (("asked for by", detail["reason"]), ("model", detail["model_path"]), ("digest", detail["digest"]))
    yield "network", _network(detail["model"])
    previous = detail["previous"]
    yield "previous", previous and f"version {previous['version']}, {previous['digest']}"
    yield from (("policy", detail["policy_id"]), ("asked for at", detail["requested_at"]))
    yield from (("started at", detail["started_at"]), ("ended at", detail["ended_at"]))
    if detail["evidence"]:
        yield "took", f"{detail['evidence']['cpu_seconds']:.1f} CPU-seconds"


def _network(model: Mapping[str, Any] | None) -> str | None:
    if model is None:
        return None
    return f"{model['architecture']}, {model['parameters']:,} weights, from a {model['format'] or 'file'}"


def _games(each: Mapping[str, Any]) -> tuple[str, ...]:
    """The games against one opponent beside what they have to reach."""
    rate = "" if each["win_rate"] is None else f"{each['win_rate']:.1%}"
    counts = (str(each[name]) for name in ("wins", "draws", "losses", "unscored"))
    games = f"{each['games']}/{each['games_planned']}"
    return each["opponent"], games, *counts, rate, f"{each['threshold']:.0%}", each["verdict"]


def _panel_games(each: Mapping[str, Any]) -> tuple[str, ...]:
    """The games against a canonical version of the past, and what they establish."""
    games = each["games"]
    rate = "" if games["win_rate"] is None else f"{games['win_rate']:.1%}"
    found = each["silenced"] or ESTABLISHED.get(games["verdict"], "neither better nor worse, as far as is known")
    counts = f"{games['games']}/{games['games_planned']}"
    return str(each["version"]), str(each["versions_ago"]), counts, rate, interval(games), found
