"""`ringrift policy`: the gate policies that candidates are judged under; shown, set, compared with a file, applied from one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer
from ringrift_client import PROMOTION_URL, Ledger

from cli.credentials import ApiKey
from cli.ledger import AtMost, OfConfiguration, PromotionUrl, Reason, Seen, ledger_at, moment
from cli.output import AsJson, Output
from cli.policy_file import NameValues, changed, differences, read

DIFFERS = 1
COLUMNS = ("configuration", "version", "policy", "random", "heuristic", "previous", "games", "mode", "set by")
File = Annotated[
    str, typer.Option("--file", "-f", help='JSON, `-` for standard input: {"hex8_2p": {"random_win_rate": 0.8}}')
]
app = typer.Typer(help="Show and set the gate policies that candidates are judged under.", no_args_is_help=True)


@app.command()
def show(
    configuration: Annotated[str | None, typer.Argument(help="One configuration, such as hex8_2p")] = None,
    url: PromotionUrl = PROMOTION_URL, api_key: ApiKey = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Show what is in force, for one configuration or all. Exit code: 0 done, 2 error. Example: ringrift policy show hex8_2p"""
    output = Output(as_json=as_json)
    with ledger_at(url, api_key, output) as ledger:
        if configuration is None:
            everything = ledger.policies()
            output.result(everything)
            return output.table(COLUMNS, map(_row, everything["items"]))
        found = ledger.policy(configuration)
    output.result(found)
    for name, value in found["gates"].items():
        output.say(f"{name:20} {value}")
    output.say(f"{'policy':20} {found['id']}, version {found['version']}, by {found['set_by']}: {found['reason']}")


@app.command("set")
def set_(
    configuration: OfConfiguration, reason: Reason, gate: NameValues = None,
    reset: Annotated[bool, typer.Option("--reset", help="Go back to the environment's policy")] = False,
    seen: Seen = None, url: PromotionUrl = PROMOTION_URL, api_key: ApiKey = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Change values of the policy that is in force. What is played under the one before is evaluated again.

    Exit code: 0 done, 1 another version is in force than was seen, 2 error.
    Example: ringrift policy set hex8_2p --gate random_win_rate=0.8 --gate games=100 --reason "a weak start"
    """
    if reset == bool(gate):
        raise typer.BadParameter("give --gate name=value, or --reset")
    output = Output(as_json=as_json)
    with ledger_at(url, api_key, output) as ledger:
        present = ledger.policy(configuration)
        seen = present["version"] if seen is None else seen
        if reset:
            found = ledger.reset_policy(configuration, reason, seen)
        else:
            found = ledger.set_policy(configuration, changed(present["gates"], gate), reason, seen)
    output.say(_done(present, found))
    output.result(found)


@app.command()
def diff(file: File, url: PromotionUrl = PROMOTION_URL, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """Compare a file with what is in force. Exit code: 0 the same, 1 different, 2 error.

    Example: ringrift policy diff -f gates.json
    """
    output, wanted = Output(as_json=as_json), read(file)
    with ledger_at(url, api_key, output) as ledger:
        found = {name: differences(ledger.policy(name)["gates"], gates) for name, gates in wanted.items()}
    for configuration, lines in found.items():
        for line in lines:
            output.say(f"{configuration}  {line}")
    output.result({"differences": found})
    raise typer.Exit(DIFFERS if any(found.values()) else 0)


@app.command()
def apply(
    file: File, reason: Reason, url: PromotionUrl = PROMOTION_URL, api_key: ApiKey = None, as_json: AsJson = False
) -> None:
    """Set the policies of a file; configurations that it does not name stay as they are, and so do those that have theirs already.

    Exit code: 0 done, 1 somebody else set one meanwhile, 2 error. Example: ringrift policy apply -f gates.json --reason "season 2"
    """
    output, wanted = Output(as_json=as_json), read(file)
    with ledger_at(url, api_key, output) as ledger:
        found = [_applied(ledger, output, name, gates, reason) for name, gates in wanted.items()]
    output.result({"items": found})


@app.command()
def history(
    configuration: OfConfiguration, limit: AtMost = 20, url: PromotionUrl = PROMOTION_URL, api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """List what people set for a configuration, newest first. Exit code: 0, 2 error. Example: ringrift policy history hex8_2p"""
    output = Output(as_json=as_json)
    with ledger_at(url, api_key, output) as ledger:
        page = ledger.policy_versions(configuration, limit)
    output.result(page)
    if not page["items"]:
        return output.say(f"nobody set a policy for {configuration}: the environment's holds")
    rows = (
        (
            str(each["version"]),
            each["id"] or "the environment's",
            moment(each["set_at"]),
            each["set_by"],
            each["reason"],
        )
        for each in page["items"]
    )
    output.table(("version", "policy", "set at", "by", "because"), rows)


def _applied(ledger: Ledger, output: Output, configuration: str, gates: Mapping[str, Any], reason: str) -> Any:
    present = ledger.policy(configuration)
    if not differences(present["gates"], gates):
        output.say(f"{configuration}: unchanged")
        return present
    found = ledger.set_policy(configuration, gates, reason, present["version"])
    output.say(_done(present, found))
    return found


def _done(present: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    lines = differences(present["gates"], found["gates"]) or ["unchanged"]
    return f"{found['configuration']}: version {found['version']}, policy {found['id']}; {'; '.join(lines)}"


def _row(each: Mapping[str, Any]) -> tuple[str, ...]:
    gates = each["gates"]
    rates = (f"{gates[name]:.0%}" for name in ("random_win_rate", "heuristic_win_rate", "previous_win_rate"))
    version = "-" if each["from_environment"] else str(each["version"])
    return each["configuration"], version, each["id"], *rates, str(gates["games"]), gates["mode"], each["set_by"]


def register(root: typer.Typer) -> None:
    """Make it a group of sub-commands."""
    root.add_typer(app, name="policy")
