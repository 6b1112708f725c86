"""`ringrift game`: check, measure and watch the game engine.

Imports the engine only when a command runs, so that `ringrift --help` stays quick.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.output import AsJson, Output
from shared.contract.words import RingRiftBoard

app = typer.Typer(help="Check, measure and watch the game engine.", no_args_is_help=True)
NumPlayers = Annotated[int, typer.Option(min=2, max=4)]


@app.command()
def verify(files: Annotated[list[Path], typer.Argument(help="Files of the format ringrift-trace-v1")]) -> None:
    """Replay recorded games in lockstep; exit code 1 with the first difference. Example: ringrift game verify games/*.json"""
    output = Output()
    differing = [path for path in files if not _agrees(path, output)]
    if differing:
        raise typer.Exit(1)
    output.say(f"{len(files)} of {len(files)} traces agree")


def _agrees(path: Path, output: Output) -> bool:
    from play.games.ringrift.trace import verify_trace

    try:
        difference = verify_trace(json.loads(path.read_text()))
    except (OSError, ValueError) as error:
        output.fail(f"{path}: cannot be read as a trace: {error}")
        return False
    if difference is not None:
        where = f"{path}: step {difference.step}: {difference.what}"
        output.fail(f"{where}: the trace says {difference.expected!r}, the engine {difference.found!r}")
    return difference is None


@app.command()
def bench(
    board_type: RingRiftBoard = "hex8",
    num_players: NumPlayers = 2,
    games: Annotated[int, typer.Option(min=1)] = 1000,
    as_json: AsJson = False,
) -> None:
    """Play random games and print how fast; compilation is done before and not counted."""
    output, figures = Output(as_json=as_json), measure(board_type, num_players, games)
    for name, value in figures.items():
        output.say(f"{name:26} {value}")
    output.result(figures)


def measure(board_type: str, num_players: int, games: int) -> dict[str, Any]:
    """Figures of random play, per second of processor time."""
    import numpy as np

    from play.games.registry import get_ringrift
    from play.games.ringrift.play import play_random

    game = get_ringrift(board_type, num_players)
    play_random(game, np.zeros(1, np.int64))
    started = time.process_time()
    played = play_random(game, np.arange(games, dtype=np.int64))
    seconds = max(time.process_time() - started, 1e-9)
    return {
        "board_type": board_type,
        "num_players": num_players,
        "games": games,
        "cpu_seconds": round(seconds, 3),
        "games_per_cpu_second": round(games / seconds, 1),
        "plies_per_cpu_second": round(played.plies / seconds),
        "decisions_per_cpu_second": round(played.decisions / seconds),
        "plies_per_game": round(played.plies / games, 1),
        "wins_by_seat": np.bincount(played.winners[played.winners >= 0], minlength=num_players).tolist(),
    }


@app.command()
def play(
    board_type: RingRiftBoard = "hex8",
    num_players: NumPlayers = 2,
    seed: Annotated[int, typer.Option(min=0)] = 0,
) -> None:
    """Show one random game move by move, and how it ended."""
    import numpy as np

    from play.games.registry import get_game

    output, game = Output(), get_game(board_type, num_players)
    which = np.zeros(1, np.int64)
    states = game.new(np.full(1, seed, np.int64))
    for number in range(1, game.max_decisions + 1):
        if game.over(states)[0]:
            break
        rows = game.random_rows(states, which)
        output.say(f"{number:4}  seat {int(game.mover(states)[0]) + 1}  {game.describe(states, 0, rows[0])}")
        game.apply(states, which, rows)
    scores = game.scores(states, which)[0]
    output.say("scores  " + "  ".join(f"seat {seat + 1}: {score:.2f}" for seat, score in enumerate(scores)))


def register(root: typer.Typer) -> None:
    """Make it a sub-command."""
    root.add_typer(app, name="game")
