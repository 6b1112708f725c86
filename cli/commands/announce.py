"""`ringrift announce`: tell the suite that a model was trained, as a trainer does, and say whether the suite has it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from typing import Annotated, Any, Literal
from uuid import uuid4

import typer
from ringrift_client import GAUNTLET_URL, FrontDoorError, NotYetError, RefusedError, Trainings, wait_until
from ringrift_client.trainings import training_event

from cli.output import AsJson, Output
from shared.contract.events import SUBJECT_PREFIX
from shared.contract.events.trainer import TrainingCompleted
from shared.contract.words import BoardType
from shared.messaging.bus import Bus

SOURCE = "/trainers/ringrift"
REJECTED, UNCONFIRMED = 1, 3
AGAIN_SECONDS = 10.0
GauntletUrl = Annotated[str, typer.Option(envvar="RINGRIFT_GAUNTLET_URL", help="The gauntlet service")]
ApiKey = Annotated[str | None, typer.Option(envvar=["RINGRIFT_GAUNTLET_KEY", "RINGRIFT_API_KEY"], show_envvar=True)]


def announce(
    model: Annotated[str, typer.Option(help="Path of the model file, inside the suite's models folder")],
    board_type: Annotated[BoardType, typer.Option(help="The board it was trained for")],
    num_players: Annotated[int, typer.Option(min=2, max=4)],
    gauntlet_url: GauntletUrl = GAUNTLET_URL,
    api_key: ApiKey = None,
    over: Annotated[
        Literal["http", "nats"],
        typer.Option(help="http: kept before it is answered; nats: kept by the bus until taken"),
    ] = "http",
    nats_url: Annotated[str, typer.Option(envvar="RINGRIFT_NATS_URL")] = "nats://127.0.0.1:4222",
    event_id: Annotated[str | None, typer.Option(help="Say the same announcement again, under its id")] = None,
    timeout: Annotated[float, typer.Option(min=0, help="Seconds to go on until the gauntlet service has it")] = 60,
    as_json: AsJson = False,
) -> None:
    """Announce a trained model. Example: ringrift announce --model models/my_model.pth --board-type hex8 --num-players 2

    Exit codes: 0 the gauntlet service has it; 1 it was rejected; 3 nobody has confirmed it: announce it again by --event-id.
    """
    data = TrainingCompleted(board_type=board_type, num_players=num_players, model_path=model)
    identity = event_id or str(uuid4())
    try:
        with Trainings(gauntlet_url, api_key) as trainings:
            if over == "http":
                training = trainings.announce(content(data), SOURCE, identity, timeout)
            else:
                training = over_nats(trainings, data, nats_url, identity, timeout)
    except RefusedError as error:
        typer.echo(f"rejected: {error.detail}", err=True)
        raise typer.Exit(REJECTED) from None
    except (FrontDoorError, ConnectionError, RuntimeError) as error:
        typer.echo(f"not confirmed: {error}; announce it again with --event-id {identity}", err=True)
        raise typer.Exit(UNCONFIRMED) from None
    output = Output(as_json=as_json)
    output.say(f"announced as event {identity}; it is training {training['id']}, {training['state']}")
    for note in training["notes"]:
        output.say(f"not used: {note}")
    named = {"event_id": identity, "training_id": training["id"], "configuration": str(data.configuration)}
    output.result({**named, "model_path": model})
    if training["state"] == "rejected":
        typer.echo(f"rejected: {training['reason']}", err=True)
        raise typer.Exit(REJECTED)


def over_nats(trainings: Trainings, data: TrainingCompleted, nats_url: str, event_id: str, seconds: float) -> Any:
    """Publish an announcement, again now and then, until the gauntlet service has it; returns the training. A message can be lost
    with its stream before anyone has read it."""
    deadline = time.monotonic() + seconds
    while True:
        asyncio.run(publish(data, nats_url, event_id))
        try:
            return wait_until(
                lambda: (trainings.find(SOURCE, event_id), "the gauntlet has not taken it"), AGAIN_SECONDS
            )
        except NotYetError as missing:
            if time.monotonic() >= deadline:
                raise NotYetError(f"it is on the bus, and {missing}") from None


async def publish(data: TrainingCompleted, nats_url: str, event_id: str) -> None:
    """Publish an announcement durably. ConnectionError if NATS cannot be reached."""
    bus = Bus(nats_url, "trainer")
    subject = f"{SUBJECT_PREFIX}.{data.event_type}.{data.subject}"
    try:
        payload = json.dumps(training_event(content(data), SOURCE, event_id)).encode()
        await bus.send(subject, payload, f"{SOURCE} {event_id}")
    finally:
        await bus.close()


def content(data: TrainingCompleted) -> Mapping[str, Any]:
    """The data as JSON, without what is not known."""
    return data.model_dump(mode="json", exclude_none=True)


def register(root: typer.Typer) -> None:
    """Make it a sub-command."""
    root.command("announce")(announce)
