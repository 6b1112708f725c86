"""`ringrift pause`, `resume`, `pin`, `unpin`, `mark`, `unmark` and `holds`: what people lay on a configuration, and lift again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer
from ringrift_client import PROMOTION_URL

from cli.credentials import ApiKey
from cli.ledger import AtMost, OfConfiguration, OnlyOf, PromotionUrl, Reason, ledger_at, moment
from cli.output import AsJson, Output

COLUMNS = ("configuration", "what", "since", "by", "because", "lifted")
Digest = Annotated[str, typer.Argument(help="SHA-256 of the model's bytes, as `ringrift decisions` shows it")]


def pause(
    configuration: OfConfiguration, reason: Reason, url: PromotionUrl = PROMOTION_URL, api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Promote no trainer's candidate by itself until it is resumed: what passes waits for `ringrift approve`.

    Exit code: 0 done, 2 error. Example: ringrift pause hex8_2p --reason "the rules change today"
    """
    _change("place", configuration, "pause", reason, url, api_key, as_json=as_json)


def resume(
    configuration: OfConfiguration, reason: Reason = "resumed", url: PromotionUrl = PROMOTION_URL, api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Promote trainers' candidates by themselves again. Exit code: 0 done, 2 error. Example: ringrift resume hex8_2p"""
    _change("lift", configuration, "pause", reason, url, api_key, as_json=as_json)


def pin(
    configuration: OfConfiguration, reason: Reason,
    version: Annotated[int | None, typer.Option(min=1, help="Which has to be canonical; what is, if not given")] = None,
    url: PromotionUrl = PROMOTION_URL, api_key: ApiKey = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Keep a configuration on its canonical version, whoever wants to move it, until it is unpinned.

    Exit code: 0 done, 1 another version is canonical, 2 error. Example: ringrift pin hex8_2p --reason "the tournament"
    """
    _change("place", configuration, "pin", reason, url, api_key, version, as_json=as_json)


def unpin(
    configuration: OfConfiguration, reason: Reason = "unpinned", url: PromotionUrl = PROMOTION_URL, api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Let the pointer be moved again. Exit code: 0 done, 2 error. Example: ringrift unpin hex8_2p"""
    _change("lift", configuration, "pin", reason, url, api_key, as_json=as_json)


def mark(
    configuration: OfConfiguration, digest: Digest, reason: Reason, url: PromotionUrl = PROMOTION_URL, api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Mark a model's bytes as bad: no candidate with them is promoted in this configuration, but by force.

    Exit code: 0 done, 2 error. Example: ringrift mark hex8_2p c916... --reason "trained on corrupt games"
    """
    _change("place", configuration, f"marks/{digest}", reason, url, api_key, as_json=as_json)


def unmark(
    configuration: OfConfiguration, digest: Digest, reason: Reason = "unmarked", url: PromotionUrl = PROMOTION_URL,
    api_key: ApiKey = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Take the mark off a model's bytes. Exit code: 0 done, 2 error. Example: ringrift unmark hex8_2p c916... --reason retested"""
    _change("lift", configuration, f"marks/{digest}", reason, url, api_key, as_json=as_json)


def holds(
    configuration: OnlyOf = None,
    lifted: Annotated[bool, typer.Option("--lifted", help="Those of the past too")] = False,
    limit: AtMost = 20, url: PromotionUrl = PROMOTION_URL, api_key: ApiKey = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """List what holds: pauses, pins and marks, newest first. Exit code: 0 done, 2 error. Example: ringrift holds --lifted"""
    output = Output(as_json=as_json)
    with ledger_at(url, api_key, output) as ledger:
        page = ledger.holds(configuration, limit, lifted=lifted)
    output.result(page)
    if page["items"]:
        output.table(COLUMNS, map(_row, page["items"]))
    else:
        output.say("nothing is held")


def _change(
    verb: str, configuration: str, what: str, reason: str, url: str, api_key: str | None, version: int | None = None,
    *, as_json: bool,
) -> None:  # fmt: skip
    output = Output(as_json=as_json)
    with ledger_at(url, api_key, output) as ledger:
        places = verb == "place"
        held = (
            ledger.place(configuration, what, reason, version) if places else ledger.lift(configuration, what, reason)
        )
    output.say(f"{configuration}: {_what(held)} {'holds' if held['lifted_at'] is None else 'is lifted'}")
    output.result(held)


def _what(hold: Mapping[str, Any]) -> str:
    about = {"pause": "", "pin": f" to version {hold['version']}", "mark": f" on {(hold['digest'] or '')[:12]}"}
    return str(hold["kind"]) + about[hold["kind"]]


def _row(each: Mapping[str, Any]) -> tuple[str, ...]:
    since, lifted = moment(each["placed_at"]), each["lifted_because"] or ""
    return each["configuration"], _what(each), since, each["placed_by"], each["reason"], lifted


def register(root: typer.Typer) -> None:
    """Make them sub-commands."""
    for verb in (pause, resume, pin, unpin, mark, unmark, holds):
        root.command(verb.__name__)(verb)
