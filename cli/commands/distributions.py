"""`ringrift distributions`: how far each canonical version is, wave by wave, and a person's word on that."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

import typer
from ringrift_client import DISTRIBUTION_URL

from cli.credentials import ApiKey
from cli.distribution import DistributionUrl, nodes_at
from cli.ledger import moment, shortened
from cli.output import AsJson, Output

COLUMNS = ("distribution", "digest", "state", "wave", "begun", "ended", "reason")
NODES = ("node", "state", "bytes", "a second", "from nodes", "delivered", "played with", "reason")
NOT_DONE = 3
"""The exit code of `watch` where it did not come to its end in time."""
Key = Annotated[str, typer.Argument(help="As `ringrift distributions ls` names it, such as hex8_2p:7")]
Why = Annotated[str, typer.Option("--reason", help="Why, for whoever reads it later")]
app = typer.Typer(help="See how far versions are, and steer their waves.", no_args_is_help=True)


@app.command("ls")
def ls(
    configuration: Annotated[str | None, typer.Argument(help="Of one configuration only, such as hex8_2p")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many")] = 50,
    distribution: DistributionUrl = DISTRIBUTION_URL, api_key: ApiKey = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """List distributions, newest version first. Exit code: 0 done, 2 error. Example: ringrift distributions ls hex8_2p"""
    output = Output(as_json=as_json)
    with nodes_at(distribution, api_key, output) as nodes:
        found = nodes.distributions(configuration, limit)
    output.result({"items": found})
    output.table(COLUMNS, map(_row, found)) if found else output.say("nothing was distributed yet")


@app.command("show")
def show(
    key: Key, distribution: DistributionUrl = DISTRIBUTION_URL, api_key: ApiKey = None, as_json: AsJson = False
) -> None:
    """Show one, with what each node has of it. Exit code: 0 done, 2 error. Example: ringrift distributions show hex8_2p:7"""
    output = Output(as_json=as_json)
    with nodes_at(distribution, api_key, output) as nodes:
        found = nodes.distribution(key)
    output.result(found)
    _tell(output, found)


@app.command("watch")
def watch(
    key: Key,
    timeout: Annotated[float, typer.Option(min=0, help="Seconds to watch for")] = 3600,
    distribution: DistributionUrl = DISTRIBUTION_URL, api_key: ApiKey = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Watch one until every node holds it, it is paused or aborted, or another version is canonical.

    Exit code: 0 every node holds it; 2 error; 3 paused, aborted, overtaken, or not complete in time.

    Example: ringrift distributions watch hex8_2p:7 --timeout 600
    """
    output, last = Output(as_json=as_json), dict[str, Any]()
    with (
        nodes_at(distribution, api_key, output) as nodes,
        output.progress() as say,
        output.going_on(f"{key} is delivered all the same"),
    ):
        for found in nodes.follow(key, timeout):
            last.update(found)
            say(_summary(last))
            if last["state"] != "running":
                break
        else:
            if not last["ended"]:
                output.say(f"not complete after {timeout:g} s")
    output.result(last)
    _tell(output, last)
    if not last["completed_at"]:
        raise typer.Exit(NOT_DONE)


def _steers(verb: str, does: str) -> Callable[..., None]:
    def command(
        key: Key, reason: Why, distribution: DistributionUrl = DISTRIBUTION_URL, api_key: ApiKey = None,
        as_json: AsJson = False,
    ) -> None:  # fmt: skip
        output = Output(as_json=as_json)
        with nodes_at(distribution, api_key, output) as nodes:
            found = nodes.steer(key, verb, reason)
        output.say(_summary(found))
        output.result(found)

    example = f'ringrift distributions {verb} hex8_2p:7 --reason "the canaries resign too early"'
    command.__doc__ = f"{does} Exit code: 0 done, 2 error.\n\nExample: {example}"
    return command


STEERING = {
    "pause": "Order no further node to hold it, until somebody resumes.",
    "resume": "Go on with the wave that it was in; its soak time begins anew.",
    "abort": "Order no further node; those that have it keep it, and `ringrift rollback` brings them back.",
    "advance": "Begin the next wave at once, whatever the nodes of this one say.",
}


def _row(each: Mapping[str, Any]) -> tuple[str, ...]:
    ended = each["completed_at"] or each["failed_at"]
    state = "completed" if each["completed_at"] else each["state"] + (", late" if each["failed_at"] else "")
    wave = f"{each['wave']} of {each['waves']}"
    return (
        each["id"],
        shortened(each["digest"]),
        state,
        wave,
        moment(each["started_at"]),
        moment(ended),
        each["reason"] or "",
    )


def _summary(found: Mapping[str, Any]) -> str:
    held = sum(each["state"] == "delivered" for each in found["nodes"].values())
    state = "completed" if found["completed_at"] else found["state"]
    said = f"{found['id']}: {state}, wave {found['wave']} of {found['waves']}, on {held} of {len(found['nodes'])} nodes"
    return f"{said}: {found['reason']}" if found["reason"] else said


def _tell(output: Output, found: Mapping[str, Any]) -> None:
    output.say(_summary(found))
    output.table(NODES, [_node(name, each) for name, each in found["nodes"].items()])


def _node(name: str, each: Mapping[str, Any]) -> tuple[str, ...]:
    state = "waits" if each["waits"] else each["state"]
    done = f"{each['bytes_done']:,} of {each['size']:,}"
    rate, peers = each["bytes_per_second"], each["from_peers"]
    speed = "" if rate is None else f"{rate:,}"
    return (
        name,
        state,
        done,
        speed,
        f"{peers:,}" if peers else "",
        moment(each["delivered_at"]),
        moment(each["played_at"]),
        each["reason"] or "",
    )


def register(root: typer.Typer) -> None:
    """Make it a sub-command."""
    for verb, does in STEERING.items():
        app.command(verb)(_steers(verb, does))
    root.add_typer(app, name="distributions")
