"""`ringrift promote`: have a model evaluated and, if it passes, promoted; also what scripts/auto_promote.py runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated, Any

import typer
from ringrift_client import GAUNTLET_URL, PROMOTION_URL, FrontDoor, FrontDoorError, Outcome, Say

from cli.credentials import ApiKey, presented
from cli.output import AsJson, Output
from shared.contract.words import BoardType

PROMOTED, REFUSED, ERROR = 0, 1, 2


def promote(
    model: Annotated[str, typer.Option(help="The model file, inside the suite's models folder: models/my_model.pth")],
    board_type: Annotated[BoardType, typer.Option(help="The board to play on")],
    num_players: Annotated[int, typer.Option(min=2, max=4)],
    gauntlet: Annotated[bool, typer.Option("--gauntlet", help="Play the games first (what happens anyway)")] = False,
    force: Annotated[bool, typer.Option("--force", help="Skip the games; the model still has to load and fit")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Evaluate and decide, but do not promote")] = False,
    games: Annotated[
        int | None,
        typer.Option(min=1, max=10_000, help="Games per opponent; the suite's RINGRIFT_GAUNTLET_GAMES if not given"),
    ] = None,
    sync_to_cluster: Annotated[
        bool, typer.Option("--sync-to-cluster", help="Wait until every node holds the promoted version")
    ] = False,
    timeout: Annotated[float, typer.Option(min=0, help="Seconds to wait for the decision")] = 3600,
    sync_timeout: Annotated[
        float, typer.Option(min=0, envvar="RINGRIFT_DISTRIBUTION_TIMEOUT", help="Seconds to wait for the nodes")
    ] = 300,
    url: Annotated[str, typer.Option(envvar="RINGRIFT_PROMOTION_URL", help="The front door")] = PROMOTION_URL,
    gauntlet_url: Annotated[
        str, typer.Option(envvar="RINGRIFT_GAUNTLET_URL", help="Asked for progress")
    ] = GAUNTLET_URL,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Have a model evaluated and, if it passes every gate, promoted.

    Exit code: 0 promoted (with --dry-run: would be), 1 refused, 2 error.

    Evaluate and promote:

      --gauntlet --model models/my_model.pth --board-type hex8 --num-players 2 --games 50 --sync-to-cluster

    Evaluate without promoting:

      --gauntlet --model models/my_model.pth --board-type hex8 --num-players 2 --games 50 --dry-run

    Promote without games:

      --force --model models/my_model.pth --board-type hex8 --num-players 2
    """
    _check(gauntlet, force, dry_run, games, sync_to_cluster)
    body: dict[str, Any] = {"model_path": model, "board_type": board_type, "num_players": num_players}
    body |= {"force": force, "dry_run": dry_run} | ({} if games is None else {"gauntlet_games": games})
    output = Output(as_json=as_json)
    try:
        keys = presented(api_key, "promotion"), presented(api_key, "gauntlet")
        with FrontDoor(url, keys[0], gauntlet_url, keys[1]) as door:
            with _progress(output) as say:
                outcome = door.wait_for_outcome(_ask(door, body, output), timeout, say)
            _report(outcome, dry_run, output)
            if sync_to_cluster and outcome.version is not None:
                _sync(door, outcome, sync_timeout, output)
    except FrontDoorError as error:
        output.say(f"error: {error}", style="red")
        output.result({"error": str(error)})
        raise typer.Exit(ERROR) from None
    output.result(asdict(outcome))
    raise typer.Exit(_exit_code(outcome, dry_run))


def _check(gauntlet: bool, force: bool, dry_run: bool, games: int | None, sync_to_cluster: bool) -> None:
    if force and (gauntlet or games is not None):
        raise typer.BadParameter("--force skips the games, so it goes with neither --gauntlet nor --games")
    if dry_run and sync_to_cluster:
        raise typer.BadParameter("--dry-run promotes nothing, so there is nothing for --sync-to-cluster to wait for")


def _ask(door: FrontDoor, body: dict[str, Any], output: Output) -> str:
    request = door.ask(body)
    output.say(f"asked for {request['model_path']} as {request['configuration']}: request {request['id']}")
    return str(request["id"])


@contextmanager
def _progress(output: Output) -> Iterator[Say]:
    """A live line in a terminal; elsewhere a line of its own whenever the text changes."""
    last = [""]
    with output.console.status("waiting") as live:

        def say(text: str) -> None:
            if text != last[0] and not output.console.is_terminal:
                output.say(text)
            last[0] = text
            live.update(text)

        yield say


def _report(outcome: Outcome, dry_run: bool, output: Output) -> None:
    if outcome.version is not None:
        headline = f"promoted: {outcome.configuration} is now canonical version {outcome.version}"
    elif dry_run and outcome.passed:
        headline = "would be promoted"
    else:
        headline = "refused" if outcome.state == "refused" else "the model could not be evaluated"
    output.say(headline, style="bold")
    for reason in outcome.reason.split("; "):
        output.say(f"  {reason}")


def _sync(door: FrontDoor, outcome: Outcome, seconds: float, output: Output) -> None:
    assert outcome.version is not None
    with _progress(output) as say:
        nodes = door.wait_for_distribution(str(outcome.configuration), outcome.version, seconds, say)
    output.say(f"version {outcome.version} is on every node: {', '.join(nodes)}")


def _exit_code(outcome: Outcome, dry_run: bool) -> int:
    if outcome.state == "promoted" or (dry_run and outcome.passed):
        return PROMOTED
    return REFUSED if outcome.state == "refused" else ERROR


def register(root: typer.Typer) -> None:
    """Make it a sub-command."""
    root.command("promote")(promote)
