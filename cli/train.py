"""`ringrift train`: train a small network on this machine in minutes, and announce it if asked.

Imports the trainer only when it runs, so that `ringrift --help` stays quick.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from shared.contract.words import BoardType


def train(
    output: Annotated[Path, typer.Option(help="The checkpoint to write; never a canonical file")],
    board_type: Annotated[BoardType, typer.Option(help="The board to play on")] = "hex8",
    num_players: Annotated[int, typer.Option(min=2, max=4)] = 2,
    games: Annotated[int, typer.Option(min=0, help="Self-play games to imitate; 0 writes an untrained network")] = 1500,
    rounds: Annotated[int, typer.Option(min=0, help="Rounds of search for the expert that is imitated")] = 12,
    epochs: Annotated[int, typer.Option(min=1)] = 4,
    blocks: Annotated[int, typer.Option(min=1)] = 4,
    channels: Annotated[int, typer.Option(min=1)] = 32,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    version: Annotated[str, typer.Option(help="What the checkpoint says of its version")] = "1",
    announce: Annotated[
        bool, typer.Option(help="Emit TRAINING_COMPLETED; the output must lie in the suite's models folder")
    ] = False,
    nats_url: Annotated[str, typer.Option(envvar="RINGRIFT_NATS_URL")] = "nats://127.0.0.1:4222",
) -> None:
    """Train by imitating a learned expert. Example: ringrift train --output models/my_model.pth --board-type hex8"""
    from play.training.trainer import Plan, run_training

    if output.name.startswith("canonical_"):
        raise typer.BadParameter("canonical files are written by the promotion service; choose another name")
    plan = Plan(board_type, num_players, rounds, games, epochs, blocks, channels, seed, version)
    with Progress(TextColumn("{task.description:48}"), BarColumn(), TimeRemainingColumn()) as bar:
        task = bar.add_task("starting")
        result = run_training(
            plan, output, lambda text, done, total: bar.update(task, description=text, completed=done, total=total)
        )
    typer.echo(f"wrote {output}: " + ", ".join(f"{name} {value}" for name, value in result.items()))
    if announce:
        from cli.announce import publish
        from play.training.announcement import announcement

        typer.echo(f"announced as event {asyncio.run(publish(announcement(plan, output), nats_url))}")
