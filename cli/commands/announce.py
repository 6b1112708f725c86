"""`ringrift announce`: tell the suite that a model was trained, as a trainer does: one TRAINING_COMPLETED event over NATS."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from cli.output import AsJson, Output
from shared.contract.events import Event
from shared.contract.events.trainer import TrainingCompleted
from shared.contract.words import BoardType
from shared.messaging.bus import Bus

SOURCE = "/trainers/ringrift"


def announce(
    model: Annotated[str, typer.Option(help="Path of the model file, inside the suite's models folder")],
    board_type: Annotated[BoardType, typer.Option(help="The board it was trained for")],
    num_players: Annotated[int, typer.Option(min=2, max=4)],
    nats_url: Annotated[str, typer.Option(envvar="RINGRIFT_NATS_URL")] = "nats://127.0.0.1:4222",
    as_json: AsJson = False,
) -> None:
    """Announce a trained model. Example: ringrift announce --model models/my_model.pth --board-type hex8 --num-players 2"""
    data = TrainingCompleted(board_type=board_type, num_players=num_players, model_path=model)
    try:
        event_id = asyncio.run(publish(data, nats_url))
    except ConnectionError as error:
        typer.echo(f"{error}; give the address that `ringrift up` prints with --nats-url", err=True)
        raise typer.Exit(1) from None
    output = Output(as_json=as_json)
    output.say(f"announced as event {event_id}")
    output.result({"event_id": event_id, "configuration": str(data.configuration), "model_path": model})


async def publish(data: TrainingCompleted, nats_url: str) -> str:
    """Publish the event durably; returns its id."""
    bus = Bus(nats_url, "trainer")
    try:
        event = Event.of(data, source=SOURCE)
        await bus.publish(event)
    finally:
        await bus.close()
    return str(event.id)


def register(root: typer.Typer) -> None:
    """Make it a sub-command."""
    root.command("announce")(announce)
