"""`ringrift train`: train a small network on this machine in minutes, and announce it if asked.

Imports the trainer only when it runs, so that `ringrift --help` stays quick.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from ringrift_client import GAUNTLET_URL, FrontDoorError, RefusedError, Trainings

from cli.checkpoint_file import write_checkpoint
from cli.commands.announce import REJECTED, SOURCE, UNCONFIRMED, GauntletUrl, content
from cli.credentials import ApiKey, presented
from cli.output import INTERRUPTED, Output
from cli.parameters import Parameters, parsed
from shared.contract.words import CANONICAL_PREFIX, RingRiftBoard
from shared.storage.files import digest_of

if TYPE_CHECKING:
    from play.training.trainer import Plan


def train(
    output: Annotated[Path, typer.Option(help="The checkpoint to write; never a canonical file")],
    board_type: Annotated[RingRiftBoard, typer.Option(help="The board to play on")] = "hex8",
    num_players: Annotated[int, typer.Option(min=2, max=4)] = 2,
    games: Annotated[int, typer.Option(min=0, help="Self-play games to imitate; 0 writes an untrained network")] = 1500,
    rounds: Annotated[int, typer.Option(min=0, help="Rounds of search for the expert that is imitated")] = 12,
    epochs: Annotated[int, typer.Option(min=1)] = 4,
    architecture: Annotated[
        str, typer.Option(help="The network to build; its parameters are given with --parameter")
    ] = "resnet",
    parameter: Parameters = None,
    blocks: Annotated[int, typer.Option(min=1, help="Of a resnet")] = 4,
    channels: Annotated[int, typer.Option(min=1, help="Of a resnet")] = 32,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    version: Annotated[str, typer.Option(help="What the checkpoint says of its version")] = "1",
    announce: Annotated[
        bool, typer.Option(help="Emit TRAINING_COMPLETED; the output must lie in the suite's models folder")
    ] = False,
    gauntlet_url: GauntletUrl = GAUNTLET_URL,
    api_key: ApiKey = None,
) -> None:
    """Train by imitating a learned expert. Example: ringrift train --output models/my_model.pth --board-type hex8

    Exit codes: 0 written, and with --announce announced; 1 written, and refused by the gauntlet service; 2 error; 3 written,
    and nobody has confirmed the announcement; 130 Ctrl-C.
    """
    from play.training.trainer import Plan, run_training

    usual = {"blocks": blocks, "channels": channels} if architecture == "resnet" else {}
    parameters = usual | parsed(parameter)
    _check(architecture, parameters, board_type, num_players)
    _check_place(output)
    said, key = Output(), _key(api_key) if announce else None
    plan = Plan(board_type, num_players, rounds, games, epochs, architecture, parameters, seed, version)
    with _shown(said, output) as show:
        result = run_training(plan, partial(write_checkpoint, output), show)
    said.say(f"wrote {output}: " + ", ".join(f"{name} {value}" for name, value in result.items()))
    if announce:
        _announce(plan, output, gauntlet_url, key, said)


@contextmanager
def _shown(said: Output, output: Path) -> Iterator[Callable[[str, int, int], None]]:
    """Progress in a terminal; elsewhere a line whenever something else is done."""
    columns = TextColumn("{task.description:48}"), BarColumn(), TimeRemainingColumn()
    try:
        with Progress(*columns, console=said.console, disable=not said.console.is_terminal) as bar:
            task, last = bar.add_task("starting"), [""]

            def show(text: str, done: int, total: int) -> None:
                if text != last[0] and not said.console.is_terminal:
                    said.say(text)
                last[0] = text
                bar.update(task, description=text, completed=done, total=total)

            yield show
    except KeyboardInterrupt:
        said.fail(f"stopped; {output} was not written")
        raise typer.Exit(INTERRUPTED) from None


def _announce(plan: Plan, output: Path, gauntlet_url: str, api_key: str | None, said: Output) -> None:
    """Announce what was written. What was trained is there, whatever comes of it."""
    from play.training.announcement import announcement

    where = f"--model {output} --board-type {plan.board_type} --num-players {plan.num_players}"
    try:
        with Trainings(gauntlet_url, api_key) as trainings:
            training = trainings.announce(content(announcement(plan, output, digest_of(output))), SOURCE)
    except RefusedError as error:
        said.fail(f"{output} is written, and was refused: {error.detail}")
        raise typer.Exit(REJECTED) from None
    except FrontDoorError as error:
        said.fail(
            f"{output} is written, and nobody has confirmed that it was announced: {error}\nringrift announce {where}"
        )
        raise typer.Exit(UNCONFIRMED) from None
    said.say(f"announced as event {training['event_id']}")


def _key(option: str | None) -> str | None:
    """The key to announce with, read before hours are spent."""
    try:
        return presented(option, "gauntlet")
    except FrontDoorError as error:
        raise typer.BadParameter(str(error)) from None


def _check_place(output: Path) -> None:
    """Refuse a place that cannot be written to before anything is trained."""
    if output.name.startswith(CANONICAL_PREFIX):
        raise typer.BadParameter("canonical files are written by the promotion service; choose another name")
    if output.is_dir():
        raise typer.BadParameter(f"{output} is a folder; name a file in it")
    if not os.access(output.parent, os.W_OK):
        raise typer.BadParameter(f"{output.parent} is no folder that can be written to; make it first")


def _check(architecture: str, parameters: dict[str, int], board_type: str, num_players: int) -> None:
    """Refuse a network that cannot be built before anything is trained."""
    from play.games.registry import get_game
    from play.models.architectures.registry import build_network

    try:
        build_network(architecture, parameters, get_game(board_type, num_players))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def register(root: typer.Typer) -> None:
    """Make it a sub-command."""
    root.command("train")(train)
