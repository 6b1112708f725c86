"""`ringrift nodes`: the nodes of the cluster, whether they answer, and what each holds. It changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer
from ringrift_client import DISTRIBUTION_URL

from cli.credentials import ApiKey
from cli.distribution import DistributionUrl, nodes_at
from cli.ledger import moment, shortened
from cli.output import AsJson, Output

COLUMNS = ("node", "address", "last report", "breaker", "canonical versions held", "trouble")
HELD = ("configuration", "version", "state", "bytes", "since", "detail")
app = typer.Typer(help="See the nodes, whether they answer, and what each holds.", no_args_is_help=True)


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
        found = [{**node, "deliveries": _deliveries(configurations, node["name"])} for node in nodes.all()]
    found = [node for node in found if not failing or node["unreached"] or not all(map(_holds, node["deliveries"]))]
    output.result({"items": found})
    if not found:
        return output.say(
            "every node answers and holds every canonical version" if failing else "no node is registered"
        )
    output.table(COLUMNS, map(_row, found))


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(help="As `ringrift nodes ls` names it")],
    distribution: DistributionUrl = DISTRIBUTION_URL,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Show one node and its deliveries. Exit code: 0 done; 2 error, such as no such node. Example: ringrift nodes show node-1"""
    output = Output(as_json=as_json)
    with nodes_at(distribution, api_key, output) as nodes:
        node = nodes.one(name)
        deliveries = _deliveries(nodes.status()["model_distribution"]["configurations"], name)
    output.result({**node, "deliveries": deliveries})
    for title, value in _facts(node):
        output.say(f"{title:14} {value or '-'}")
    if deliveries:
        output.table(HELD, map(_delivery, deliveries))


def _deliveries(configurations: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """What is on its way to a node, or there: of each canonical version."""
    return [
        {"configuration": key, "version": each["version"], **each["nodes"][name]}
        for key, each in sorted(configurations.items())
        if name in each["nodes"]
    ]


def _holds(delivery: Mapping[str, Any]) -> bool:
    return bool(delivery["state"] == "delivered")


def _row(node: Mapping[str, Any]) -> tuple[str, ...]:
    held = f"{sum(map(_holds, node['deliveries']))} of {len(node['deliveries'])}"
    trouble = node["unreached"] or "; ".join(
        f"{each['configuration']}: {each['detail']}"
        for each in node["deliveries"]
        if each["detail"] and not _holds(each)
    )
    return (
        node["name"],
        node["url"],
        moment(node["reported_at"]) or "never",
        node["breaker"],
        held,
        shortened(trouble, 120),
    )


def _facts(node: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield from (("node", node["name"]), ("address", node["url"]), ("registered at", moment(node["registered_at"])))
    yield from (
        ("last report", moment(node["reported_at"])),
        ("breaker", node["breaker"]),
        ("unreached", node["unreached"]),
    )


def _delivery(each: Mapping[str, Any]) -> tuple[str, ...]:
    done = f"{each['bytes_done']:,} of {each['size']:,}"
    return (
        each["configuration"],
        str(each["version"]),
        each["state"],
        done,
        moment(each["updated_at"]),
        each["detail"] or "",
    )


def register(root: typer.Typer) -> None:
    """Make it a group of sub-commands."""
    root.add_typer(app, name="nodes")
