"""`ringrift audit`: who did what, as a list, as JSON lines, and whether it is what was written."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from ringrift_client import PROMOTION_URL, FrontDoorError, Ledger

from cli.audit_file import heads_of, rows_of
from cli.credentials import ApiKey
from cli.ledger import REFUSED, AtMost, OnlyOf, PromotionUrl, ledger_at, moment, shortened
from cli.output import AsJson, Output
from shared.contract.audit_chain import Chains, Fault
from shared.storage.files import write_atomically

COLUMNS = ("configuration", "row", "at", "by", "from", "did", "what", "because")
audit = typer.Typer(
    help="See who did what, export it, and verify that nothing of it was changed.", no_args_is_help=True
)


@audit.command("ls")
def ls(
    configuration: OnlyOf = None,
    before: Annotated[int | None, typer.Option(min=1, help="Older than this place, as the list before says it")] = None,
    limit: AtMost = 20, url: PromotionUrl = PROMOTION_URL, api_key: ApiKey = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """List who did what, newest first. Exit code: 0 done, 2 error. Example: ringrift audit ls --configuration hex8_2p"""
    output = Output(as_json=as_json)
    with ledger_at(url, api_key, output) as ledger:
        page = ledger.audit(configuration, limit, before)
    output.result(page)
    if not page["items"]:
        return output.say("nobody did anything yet")
    output.table(COLUMNS, map(_row, page["items"]))
    if page["next"]:
        output.say(f"older ones: --before {page['next']}")


@audit.command("export")
def export(
    configuration: OnlyOf = None,
    out: Annotated[Path | None, typer.Option(help="Write them into this file, which then is whole or not there")] = None,
    url: PromotionUrl = PROMOTION_URL, api_key: ApiKey = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Write every row as a line of JSON, oldest first.

    Exit code: 0 done, 2 error. Example: ringrift audit export --out audit.jsonl
    """
    output = Output(as_json=as_json)
    with ledger_at(url, api_key, output) as ledger:
        rows = ledger.audit_rows(configuration)
        if out is None:
            for row in rows:
                Output(as_json=True).result(row)
            return
        written = _write(rows, out)
    output.say(f"{written} rows are in {out}")
    output.result({"rows": written, "path": str(out)})


@audit.command("verify")
def verify(
    file: Annotated[Path | None, typer.Argument(help="What `ringrift audit export` wrote; nobody is asked then")] = None,
    heads: Annotated[
        Path | None, typer.Option(help="What an earlier `ringrift audit verify --json` printed: rows cut off since are told")
    ] = None,
    configuration: OnlyOf = None, url: PromotionUrl = PROMOTION_URL, api_key: ApiKey = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Verify on this machine that no row was changed, taken out or put elsewhere, and that each canonical version has its row.

    Whoever can write to the database can cut off the end, or write it anew: keep the heads elsewhere, and give them the next time.

    Exit code: 0 intact, 1 not, 2 it could not be verified. Example: ringrift audit verify audit.jsonl --heads yesterday.json
    """
    output = Output(as_json=as_json)
    with ledger_at(url, api_key, output) as ledger:
        known = heads_of(heads) if heads else []
        chains = Chains([each for each in known if configuration in (None, each.configuration)])
        for row in ledger.audit_rows(configuration) if file is None else rows_of(file):
            if configuration in (None, row.get("configuration")):
                chains.take(row)
        chains.finish()
        if file is None:
            _add_unrecorded(chains, ledger, configuration)
    _show(output, chains)
    raise typer.Exit(0 if chains.is_intact else REFUSED)


def _write(rows: Iterable[Any], path: Path) -> int:
    """Write rows as they arrive; returns their number. FrontDoorError, and no new file, if that fails."""
    written = 0
    try:
        with write_atomically(path) as stream:
            for row in rows:
                stream.write(json.dumps(row).encode() + b"\n")
                written += 1
    except OSError as error:
        raise FrontDoorError(f"{path} cannot be written: {error.strerror or error}") from None
    return written


def _add_unrecorded(chains: Chains, ledger: Ledger, configuration: str | None) -> None:
    """What the service alone can compare: the canonical versions with their rows."""
    for each in ledger.audit_verification()["faults"]:
        if each["kind"] == "unrecorded" and configuration in (None, each["configuration"]):
            chains.note(*(each[name] for name in Fault._fields))


def _show(output: Output, chains: Chains) -> None:
    output.result(
        {
            "intact": chains.is_intact,
            "rows": chains.rows,
            "faults": [each._asdict() for each in chains.faults],
            "more_faults": chains.more_faults,
            "heads": [each._asdict() for each in chains.heads],
        }
    )
    for fault in chains.faults:
        output.say(f"{fault.kind}: {fault.detail}", style="red")
    if chains.more_faults:
        output.say(f"and {chains.more_faults} more", style="red")
    words = (
        "are what was written" if chains.is_intact else "were read, and something was changed since they were written"
    )
    output.say(f"{chains.rows} rows {words}")


def _row(each: Mapping[str, Any]) -> tuple[str, ...]:
    about = " ".join(f"{name.replace('_', ' ')} {value}" for name, value in each["subject"].items())
    where, because = each["address"] or "", shortened(each["reason"] or "")
    return (
        each["configuration"] or "",
        str(each["sequence"]),
        moment(each["at"]),
        each["actor"],
        where,
        each["action"],
        shortened(about),
        because,
    )


def register(root: typer.Typer) -> None:
    """Make it a group of sub-commands."""
    root.add_typer(audit, name="audit")
