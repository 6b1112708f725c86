"""`ringrift decisions`: what was decided and why, what waits for a person, and what another policy would have said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer
from ringrift_client import PROMOTION_URL, Ledger

from cli.credentials import ApiKey
from cli.ledger import AtMost, OnlyOf, PromotionUrl, decision_id, ledger_at, moment
from cli.output import AsJson, Output
from cli.policy_file import NameValues, changed

COLUMNS = ("decision", "configuration", "decided at", "model", "verdict", "disposition")
WAITING = ("decision", "configuration", "asked at", "model", "until")


def decisions(
    decision: Annotated[str | None, typer.Argument(help="Show this one, with every reason")] = None,
    rejudge: Annotated[bool, typer.Option("--rejudge", help="What its games would say under another policy; no effect")] = False,
    gate: NameValues = None,
    awaiting: Annotated[bool, typer.Option("--awaiting", help="Only candidates that wait for a person")] = False,
    configuration: OnlyOf = None,
    before: Annotated[str | None, typer.Option(help="Older than this decision, by its id")] = None,
    limit: AtMost = 20,
    url: PromotionUrl = PROMOTION_URL,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """List decisions, newest first, or show one. Exit code: 0 done, 2 error.

    Examples: ringrift decisions --awaiting; ringrift decisions 6f0c... --rejudge --gate random_win_rate=0.8
    """
    if rejudge and decision is None:
        raise typer.BadParameter("--rejudge is of one decision: name it")
    output = Output(as_json=as_json)
    with ledger_at(url, api_key, output) as ledger:
        if rejudge:
            _show_rejudged(output, ledger, decision_id(str(decision)), gate)
        elif decision is not None:
            _show(output, ledger.decision(decision_id(decision)))
        elif awaiting:
            _list_waiting(output, ledger.approvals(configuration, "awaiting", limit))
        else:
            _list(output, ledger.decisions(configuration, limit, decision_id(before) if before else None))


def _show(output: Output, detail: Mapping[str, Any]) -> None:
    output.result(detail)
    for name, value in _facts(detail):
        if value is not None:
            output.say(f"{name:14} {value}")
    for reason in detail["reasons"]:
        output.say(f"  {reason}")


def _facts(detail: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield from (("decision", detail["id"]), ("configuration", detail["configuration"]), ("model", detail["digest"]))
    yield from (("evaluation", detail["evaluation_id"]), ("decided at", moment(detail["decided_at"])))
    yield from (("policy", detail["policy_id"]), ("canonical then", detail["canonical_version"]))
    yield from (("verdict", detail["verdict"]), ("disposition", f"{detail['disposition']}: {detail['code']}"))
    yield "because", detail["why"]


def _show_rejudged(output: Output, ledger: Ledger, decision: str, gate: list[str] | None) -> None:
    gates = changed(ledger.decision(decision)["policy"], gate) if gate else None
    found = ledger.rejudge(decision, gates)
    output.result(found)
    output.say(f"under policy {found['policy_id']} it would be: {found['verdict']}, {found['code']}", style="bold")
    for reason in found["reasons"]:
        output.say(f"  {reason}")


def _list(output: Output, page: Mapping[str, Any]) -> None:
    output.result(page)
    if not page["items"]:
        return output.say("no decisions")
    output.table(COLUMNS, map(_row, page["items"]))
    if page["next"]:
        output.say(f"older ones: --before {page['next']}")


def _list_waiting(output: Output, page: Mapping[str, Any]) -> None:
    waiting = [each for each in page["items"] if not each["is_expired"]]
    output.result({"items": waiting, "next": page["next"]})
    if not waiting:
        return output.say("nothing waits for a person")
    rows = (
        (each["decision_id"], each["configuration"], moment(each["asked_at"]), each["digest"][:12], moment(each["deadline"]))
        for each in waiting
    )  # fmt: skip
    output.table(WAITING, rows)


def _row(each: Mapping[str, Any]) -> tuple[str, ...]:
    ended = f"{each['disposition']}: {each['code']}"
    return each["id"], each["configuration"], moment(each["decided_at"]), each["digest"][:12], each["verdict"], ended


def register(root: typer.Typer) -> None:
    """Make it a sub-command."""
    root.command("decisions")(decisions)
