"""`ringrift train`: train a small network on this machine in minutes, and announce it if asked.

Imports the trainer only when it runs, so that `ringrift --help` stays quick.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from ringrift_client import GAUNTLET_URL, Trainings

from cli.checkpoint_file import write_checkpoint
from cli.commands.announce import SOURCE, GauntletUrl, content
from cli.credentials import ApiKey, presented
from cli.parameters import Parameters, parsed
from shared.contract.words import CANONICAL_PREFIX, RingRiftBoard
from shared.storage.files import digest_of


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
    """Train by imitating a learned expert. Example: ringrift train --output models/my_model.pth --board-type hex8"""
    from play.training.trainer import Plan, run_training

    if output.name.startswith(CANONICAL_PREFIX):
        raise typer.BadParameter("canonical files are written by the promotion service; choose another name")
    usual = {"blocks": blocks, "channels": channels} if architecture == "resnet" else {}
    parameters = usual | parsed(parameter)
    _check(architecture, parameters, board_type, num_players)
    if not os.access(output.parent, os.W_OK):
        raise typer.BadParameter(f"{output.parent} is no folder that can be written to; make it first")
    plan = Plan(board_type, num_players, rounds, games, epochs, architecture, parameters, seed, version)
    with Progress(TextColumn("{task.description:48}"), BarColumn(), TimeRemainingColumn()) as bar:
        result = run_training(plan, partial(write_checkpoint, output), _shown(bar))
    typer.echo(f"wrote {output}: " + ", ".join(f"{name} {value}" for name, value in result.items()))
    if announce:
        from play.training.announcement import announcement

        with Trainings(gauntlet_url, presented(api_key, "gauntlet")) as trainings:
            training = trainings.announce(content(announcement(plan, output, digest_of(output))), SOURCE)
        typer.echo(f"announced as event {training['event_id']}")


def _shown(bar: Progress) -> Callable[[str, int, int], None]:
    """Progress in a terminal; elsewhere a line whenever something else is done."""
    task, last = bar.add_task("starting"), [""]

    def show(text: str, done: int, total: int) -> None:
        if text != last[0] and not bar.console.is_terminal:
            typer.echo(text)
        last[0] = text
        bar.update(task, description=text, completed=done, total=total)

    return show


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
