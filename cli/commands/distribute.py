"""`ringrift distribute`: have the canonical version of a configuration delivered to every node again, and wait for it if asked."""

from __future__ import annotations

from typing import Annotated

import typer
from ringrift_client import PROMOTION_URL, FrontDoor, FrontDoorError, RefusedError

from cli.credentials import ApiKey, presented
from cli.ledger import CONFLICTS, ERROR, REFUSED, PromotionUrl, Seen
from cli.output import AsJson, Output
from shared.contract.words import canonical_name

LATE = 3
"""The exit code of a delivery that was asked for and is not complete in time."""


def distribute(
    configuration: Annotated[str, typer.Argument(help="A configuration, such as hex8_2p")],
    model: Annotated[
        str | None,
        typer.Option(help="A file of the models folder, if not the canonical one; with --force it becomes canonical"),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Make an earlier version's bytes canonical again")] = False,
    reason: Annotated[str | None, typer.Option(help="Why, for whoever reads it later")] = None,
    seen: Seen = None,
    watch: Annotated[bool, typer.Option("--watch", help="Wait until every node holds it")] = False,
    timeout: Annotated[
        float, typer.Option(min=0, envvar="RINGRIFT_DISTRIBUTION_TIMEOUT", help="Seconds to wait for, with --watch")
    ] = 300,
    url: PromotionUrl = PROMOTION_URL,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Deliver the canonical version to every node again: each is tried at once, and proves again what is on its disk.

    Exit code: 0 asked for, with --watch: every node holds it; 1 refused; 2 error; 3 with --watch: nodes lack it still, and are
    named. Delivery goes on. Example: ringrift distribute hex8_2p --watch --timeout 60
    """
    output = Output(as_json=as_json)
    body = {"model_path": model or f"models/{canonical_name(configuration)}", "force": force} | (
        {"reason": reason} if reason else {}
    )
    nodes: list[str] | None = None
    try:
        with FrontDoor(url, presented(api_key, "promotion")) as door:
            done = door.distribute(body, seen)
            output.say(f"{done['configuration']} version {done['version']}: {done['detail']}")
            if watch:
                nodes = _wait(door, done["configuration"], done["version"], timeout, output)
    except FrontDoorError as error:
        output.fail(str(error))
        conflicts = isinstance(error, RefusedError) and error.status in CONFLICTS
        raise typer.Exit(REFUSED if conflicts else ERROR) from None
    output.result({**done, "nodes": nodes})


def _wait(door: FrontDoor, configuration: str, version: int, seconds: float, output: Output) -> list[str]:
    try:
        with output.going_on(f"version {version} is delivered to every node all the same"), output.progress() as say:
            nodes = door.wait_for_distribution(configuration, version, seconds, say)
    except FrontDoorError as error:
        output.fail(str(error))
        raise typer.Exit(LATE) from None
    output.say(f"version {version} is on every node: {', '.join(nodes)}")
    return nodes


def register(root: typer.Typer) -> None:
    """Make it a sub-command."""
    root.command("distribute")(distribute)
