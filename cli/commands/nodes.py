"""`ringrift nodes`: the nodes of the cluster, whether they answer, what each holds; registered, forgotten, left alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer
from ringrift_client import DISTRIBUTION_URL

from cli.credentials import ApiKey
from cli.distribution import DistributionUrl, nodes_at
from cli.ledger import MayReason, Reason, moment, shortened
from cli.output import AsJson, Output

COLUMNS = ("node", "address", "last report", "breaker", "holds", "free disk", "trouble")
HELD = (
    "configuration", "version", "holds", "on disk", "digest", "played with", "delivery", "bytes", "from nodes", "since",
    "detail",
)  # fmt: skip
Name = Annotated[str, typer.Argument(help="As `ringrift nodes ls` names it")]
app = typer.Typer(
    help="See the nodes, whether they answer, and what each holds; register, forget, isolate and release them.",
    no_args_is_help=True,
)


@app.command("ls")
def ls(
    failing: Annotated[
        bool, typer.Option("--failing", help="Only nodes that do not answer, or lack a version")
    ] = False,
    distribution: DistributionUrl = DISTRIBUTION_URL,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """List the nodes. Exit code: 0 done, whatever they lack; 2 error. Example: ringrift nodes ls --failing"""
    output = Output(as_json=as_json)
    with nodes_at(distribution, api_key, output) as nodes:
        configurations = nodes.status()["model_distribution"]["configurations"]
        found = [{**node, "deliveries": _deliveries(configurations, node)} for node in nodes.all()]
    found = [node for node in found if not failing or node["unreached"] or not all(map(_is_there, node["deliveries"]))]
    output.result({"items": found})
    if not found:
        return output.say(
            "every node answers and holds every canonical version" if failing else "no node is registered"
        )
    output.table(COLUMNS, map(_row, found))


@app.command("show")
def show(
    name: Name,
    distribution: DistributionUrl = DISTRIBUTION_URL,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Show one node and its deliveries. Exit code: 0 done; 2 error, such as no such node. Example: ringrift nodes show node-1"""
    output = Output(as_json=as_json)
    with nodes_at(distribution, api_key, output) as nodes:
        node = nodes.one(name)
        deliveries = _deliveries(nodes.status()["model_distribution"]["configurations"], node)
    output.result({**node, "deliveries": deliveries})
    for title, value in _facts(node):
        output.say(f"{title:14} {value or '-'}")
    if deliveries:
        output.table(HELD, map(_delivery, deliveries))


@app.command("add")
def add(
    name: Name, address: Annotated[str, typer.Argument(help="Of its agent, such as http://10.0.0.4:8780")],
    distribution: DistributionUrl = DISTRIBUTION_URL, api_key: ApiKey = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Register a node; it gets every canonical version. Exit code: 0 done; 2 error, such as a name that another node has.
    Example: ringrift nodes add node-4 http://10.0.0.4:8780"""
    output = Output(as_json=as_json)
    with nodes_at(distribution, api_key, output) as nodes:
        output.result(nodes.add(name, address))
    output.say(f"{name} is registered at {address}")


@app.command("rm")
def rm(
    name: Name, reason: MayReason = None, distribution: DistributionUrl = DISTRIBUTION_URL, api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Forget a node: only `ringrift nodes add` brings it back. Exit code: 0 done; 2 error. Example: ringrift nodes rm node-4"""
    output = Output(as_json=as_json)
    with nodes_at(distribution, api_key, output) as nodes:
        nodes.remove(name, reason)
    output.result({"name": name, "removed": True})
    output.say(f"{name} is forgotten; distributions no longer wait for it")


@app.command("isolate")
def isolate(
    name: Name, reason: Reason, distribution: DistributionUrl = DISTRIBUTION_URL, api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Leave a node alone until it is released: it is neither asked nor given anything, and counts as one that lacks its models.
    Exit code: 0 done; 2 error. Example: ringrift nodes isolate node-4 --reason "its disk is replaced\""""
    output = Output(as_json=as_json)
    with nodes_at(distribution, api_key, output) as nodes:
        output.result({"name": name, **nodes.isolate(name, reason)})
    output.say(f"{name} is left alone; `ringrift nodes release {name}` ends that")


@app.command("release")
def release(
    name: Name, distribution: DistributionUrl = DISTRIBUTION_URL, api_key: ApiKey = None, as_json: AsJson = False
) -> None:
    """Visit a node again, at once. Exit code: 0 done; 2 error. Example: ringrift nodes release node-4"""
    output = Output(as_json=as_json)
    with nodes_at(distribution, api_key, output) as nodes:
        nodes.release(name)
    output.result({"name": name, "released": True})
    output.say(f"{name} is visited again")


def _deliveries(configurations: Mapping[str, Any], node: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What is on its way to a node, or there: of each canonical version, with what is on the node's disk in its place."""
    return [
        {
            "configuration": key,
            "version": each["version"],
            **each["nodes"][node["name"]],
            "on_disk": node["holds"].get(key),
        }
        for key, each in sorted(configurations.items())
        if node["name"] in each["nodes"]
    ]


def _is_there(delivery: Mapping[str, Any]) -> bool:
    return bool(delivery["holds"] == "ok")


def _row(node: Mapping[str, Any]) -> tuple[str, ...]:
    trouble = (
        _isolation(node)
        or node["unreached"]
        or "; ".join(f"{each['configuration']}: {_why(each)}" for each in node["deliveries"] if not _is_there(each))
    )
    return (
        node["name"],
        node["url"],
        moment(node["reported_at"]) or "never",
        node["breaker"],
        _summary(node["deliveries"]),
        _gigabytes(node["free_bytes"]),
        shortened(trouble, 120),
    )


def _isolation(node: Mapping[str, Any]) -> str:
    isolated = node["isolated"]
    return f"isolated by {isolated['by']}: {isolated['reason']}" if isolated else ""


def _summary(deliveries: Sequence[Mapping[str, Any]]) -> str:
    """How many are in each state: `2 ok, 1 stale`."""
    states = Counter(each["holds"] for each in deliveries)
    return ", ".join(f"{number} {state}" for state, number in states.most_common())


def _why(delivery: Mapping[str, Any]) -> str:
    on_disk = delivery["on_disk"] or {}
    return str(delivery["detail"] or on_disk.get("reason") or delivery["state"])


def _gigabytes(number: int | None) -> str:
    return "" if number is None else f"{number / 1e9:,.1f} GB"


def _facts(node: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield from (("node", node["name"]), ("address", node["url"]), ("registered at", moment(node["registered_at"])))
    age = f", {node['age_seconds']:.0f} s ago" if node["age_seconds"] is not None else ""
    yield from (
        ("last report", moment(node["reported_at"]) + age),
        ("agent", node["agent_version"]),
        ("instance", node["instance"]),
        ("labels", ", ".join(f"{name}={value}" for name, value in node["labels"].items())),
        ("holds only", ", ".join(node["plays"] or ())),
        ("clock", f"{node['clock_skew_seconds']} s ahead" if node["clock_skew_seconds"] else ""),
        ("rival", node["rival"]),
        ("isolated", _isolation(node)),
        ("free disk", _gigabytes(node["free_bytes"])),
        ("breaker", node["breaker"]),
        ("unreached", node["unreached"]),
    )


def _delivery(each: Mapping[str, Any]) -> tuple[str, ...]:
    on_disk = each["on_disk"] or {}
    return (
        each["configuration"],
        str(each["version"]),
        each["holds"],
        str(on_disk.get("version") or ""),
        (on_disk.get("digest") or "")[:12],
        {None: "", True: "yes", False: "no"}[on_disk.get("played")],
        each["state"],
        f"{each['bytes_done']:,} of {each['size']:,}",
        f"{each.get('from_peers', 0):,}",
        moment(each["updated_at"]),
        on_disk.get("reason") or each["detail"] or on_disk.get("reload_error") or "",
    )


def register(root: typer.Typer) -> None:
    """Make it a group of sub-commands."""
    root.add_typer(app, name="nodes")
