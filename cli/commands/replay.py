"""`ringrift replay`: a recorded game move by move, its board drawn in the terminal.

Imports the engine only when a command runs, so that `ringrift --help` stays quick.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from ringrift_client import GAUNTLET_URL, Evaluations, FrontDoorError

from cli.credentials import ApiKey
from cli.gauntlet import GauntletUrl, evaluations_at, identity
from cli.output import AsJson, Output
from cli.playback import Show, play_back
from shared.contract.words import OpponentName

if TYPE_CHECKING:
    from play.record import GameRecord


DIFFERS = 1


def replay(
    evaluation_id: Annotated[str | None, typer.Argument(help="The evaluation; none with --file")] = None,
    game: Annotated[int, typer.Option(min=0, help="The game's index in the schedule of its opponent")] = 0,
    opponent: Annotated[
        OpponentName | None, typer.Option(help="Against whom; the first with such a game if not given")
    ] = None,
    file: Annotated[Path | None, typer.Option(help="A file that `ringrift evaluation games --out` wrote")] = None,
    to: Annotated[
        int | None, typer.Option(min=0, help="Show the position after this move alone; 0 is the start")
    ] = None,
    moves: Annotated[bool, typer.Option("--moves", help="List the moves, and draw nothing")] = False,
    step: Annotated[bool, typer.Option("--step", help="Wait for Enter after each move; q ends")] = False,
    gauntlet: GauntletUrl = GAUNTLET_URL,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Show a recorded game move by move, played again by the rules.

    Exit code 1 if a move is not legal or the game ends otherwise than recorded, 2 if there is no such game.

    Of an evaluation: ringrift replay 6f0c... --opponent heuristic --game 3

    Of a file: ringrift replay --file games.jsonl --game 3 --to 20

    On the board: 23 is a stack of three rings that seat 2 controls (23/1: only the top one is its own), +2 its marker,
    #2 a cell collapsed to it; brackets are round the cells of the last move.
    """
    if (evaluation_id is None) == (file is None):
        raise typer.BadParameter("name an evaluation, or a file with --file: one of the two")
    output = Output(as_json=as_json)
    with evaluations_at(gauntlet, api_key, output) as evaluations:
        if file is not None:
            record = _of_file(file, opponent, game)
        else:
            record = _of_evaluation(evaluations, identity(str(evaluation_id)), opponent, game)
        holds = play_back(output, record, Show(to=to, moves=moves, step=step))
    raise typer.Exit(0 if holds else DIFFERS)


def _of_file(path: Path, opponent: OpponentName | None, index: int) -> GameRecord:
    """A game of a file. FrontDoorError, as for any that cannot be had."""
    from play.record_file import RecordError, find, records

    try:
        with path.open("rb") as stream:
            return find(records(stream), opponent, index)
    except OSError as error:
        raise FrontDoorError(f"{path} cannot be read: {error.strerror or error}") from None
    except RecordError as error:
        raise FrontDoorError(f"{path}: {error}") from None


def _of_evaluation(evaluations: Evaluations, known: str, opponent: OpponentName | None, index: int) -> GameRecord:
    """A game that the service has. FrontDoorError if it has none such."""
    from play.record_file import RecordError, find, record_of

    detail = evaluations.read(known)
    rules = {"configuration": detail["configuration"], "profile": detail["play"]["rules_profile"]}
    met = opponent or next((each["opponent"] for each in detail["opponents"] if each["games"] > index), None)
    games = ({**each, "evaluation_id": known, **rules} for each in evaluations.games(known, met))
    try:
        return find(map(record_of, games), opponent, index)
    except RecordError as error:
        raise FrontDoorError(f"evaluation {known}: {error}") from None


def register(root: typer.Typer) -> None:
    """Make it a sub-command."""
    root.command("replay")(replay)
