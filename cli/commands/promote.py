"""`ringrift promote`: have a model evaluated and, if it passes, promoted; also what scripts/auto_promote.py runs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer
from ringrift_client import GAUNTLET_URL, PROMOTION_URL, FrontDoor, FrontDoorError, NotYetError, Outcome

from cli.credentials import ApiKey, presented
from cli.ledger import PromotionUrl, Seen
from cli.output import AsJson, Output
from shared.contract.words import BoardType

PROMOTED, REFUSED, ERROR, LATE = 0, 1, 2, 3
WAITS = ("pinned",)
"""The code of a request whose candidate can be approved later."""
NO_REASON = "forced on the command line, without a reason"


def promote(
    model: Annotated[str, typer.Option(help="The model file, inside the suite's models folder: models/my_model.pth")],
    board_type: Annotated[BoardType, typer.Option(help="The board to play on")],
    num_players: Annotated[int, typer.Option(min=2, max=4)],
    gauntlet: Annotated[bool, typer.Option("--gauntlet", help="Play the games first (what happens anyway)")] = False,
    force: Annotated[bool, typer.Option("--force", help="Skip the games; the model still has to load and fit")] = False,
    reason: Annotated[str | None, typer.Option(help="Why, for the ledger; --force says that there is none")] = None,
    seen: Seen = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Evaluate and decide, but do not promote")] = False,
    games: Annotated[int | None, typer.Option(min=1, max=10_000, help="Games per opponent; the policy's if not given")] = None,
    sync_to_cluster: Annotated[bool, typer.Option("--sync-to-cluster", help="Wait until every node holds it")] = False,
    timeout: Annotated[float, typer.Option(min=0, help="Seconds to wait for the decision")] = 3600,
    sync_timeout: Annotated[
        float, typer.Option(min=0, envvar="RINGRIFT_DISTRIBUTION_TIMEOUT", help="Seconds to wait for the nodes")
    ] = 300,
    url: PromotionUrl = PROMOTION_URL,
    gauntlet_url: Annotated[str, typer.Option(envvar="RINGRIFT_GAUNTLET_URL", help="Asked for progress")] = GAUNTLET_URL,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Have a model evaluated and, if it passes every gate, promoted.

    Exit code: 0 promoted (with --dry-run: would be); 1 refused or kept back; 2 error; 3 the time is over, and it goes on;
    130 Ctrl-C, and it goes on.

    Evaluate and promote:

      --gauntlet --model models/my_model.pth --board-type hex8 --num-players 2 --games 50 --sync-to-cluster

    Evaluate without promoting:

      --gauntlet --model models/my_model.pth --board-type hex8 --num-players 2 --games 50 --dry-run

    Promote without games, which needs a key of scope `force` where the suite wants keys; they are played afterwards:

      --force --model models/my_model.pth --board-type hex8 --num-players 2 --reason "the hotfix"
    """
    _check(gauntlet, force, dry_run, games, sync_to_cluster)
    body: dict[str, Any] = {"model_path": model, "board_type": board_type, "num_players": num_players}
    body |= {"force": force, "dry_run": dry_run, "gauntlet_games": games}
    body |= {"reason": reason or (NO_REASON if force else None)}
    output = Output(as_json=as_json)
    try:
        keys = presented(api_key, "promotion"), presented(api_key, "gauntlet")
        with FrontDoor(url, keys[0], gauntlet_url, keys[1]) as door:
            request_id = _ask(door, body, seen, output)
            going = f"request {request_id} goes on; `ringrift evaluation ls` names its evaluation, and `cancel` ends it"
            with output.going_on(going), output.progress() as say:
                outcome = door.wait_for_outcome(request_id, timeout, say)
            _report(outcome, dry_run, output)
            if sync_to_cluster and outcome.version is not None:
                _sync(door, outcome, sync_timeout, output)
    except FrontDoorError as error:
        output.fail(f"error: {error}")
        raise typer.Exit(LATE if isinstance(error, NotYetError) else ERROR) from None
    output.result(asdict(outcome))
    raise typer.Exit(_exit_code(outcome, dry_run))


def _check(gauntlet: bool, force: bool, dry_run: bool, games: int | None, sync_to_cluster: bool) -> None:
    if force and (gauntlet or games is not None):
        raise typer.BadParameter("--force skips the games, so it goes with neither --gauntlet nor --games")
    if dry_run and sync_to_cluster:
        raise typer.BadParameter("--dry-run promotes nothing, so there is nothing for --sync-to-cluster to wait for")


def _ask(door: FrontDoor, body: dict[str, Any], seen: int | None, output: Output) -> str:
    request = door.ask(body, seen)
    output.say(f"asked for {request['model_path']} as {request['configuration']}: request {request['id']}")
    return str(request["id"])


def _report(outcome: Outcome, dry_run: bool, output: Output) -> None:
    if outcome.version is not None:
        headline = f"promoted: {outcome.configuration} is now canonical version {outcome.version}"
    elif dry_run and outcome.passed:
        headline = "would be promoted"
    elif outcome.code in WAITS:
        headline = f"it passed and waits for a word: ringrift approve {outcome.decision_id}"
    else:
        headline = "refused" if outcome.state == "refused" else "the model could not be evaluated"
    output.say(headline, style="bold")
    for reason in outcome.reason.split("; "):
        output.say(f"  {reason}")


def _sync(door: FrontDoor, outcome: Outcome, seconds: float, output: Output) -> None:
    assert outcome.version is not None
    with (
        output.going_on(f"version {outcome.version} is delivered to every node all the same"),
        output.progress() as say,
    ):
        nodes = door.wait_for_distribution(str(outcome.configuration), outcome.version, seconds, say)
    output.say(f"version {outcome.version} is on every node: {', '.join(nodes)}")


def _exit_code(outcome: Outcome, dry_run: bool) -> int:
    if outcome.state == "promoted" or (dry_run and outcome.passed):
        return PROMOTED
    return REFUSED if outcome.state == "refused" else ERROR


def register(root: typer.Typer) -> None:
    """Make it a sub-command."""
    root.command("promote")(promote)
