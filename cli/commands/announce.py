"""`ringrift announce`: tell the suite that a model was trained, as a trainer does, and say whether the suite has it."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import uuid4

import structlog
import typer
from pydantic import ValidationError
from ringrift_client import GAUNTLET_URL, FrontDoorError, NotYetError, RefusedError, Trainings, wait_until
from ringrift_client.trainings import training_event

from cli.credentials import ApiKey, presented
from cli.output import AsJson, Output
from cli.parameters import Parameters, parsed
from shared.contract.events import SUBJECT_PREFIX
from shared.contract.events.trainer import TrainingCompleted
from shared.contract.words import BoardType
from shared.messaging.bus import Bus
from shared.messaging.nats_connection import NatsOptions
from shared.process.logs import configure_logs
from shared.process.nats_settings import NatsSettings
from shared.process.secret_files import FILE, read_secrets
from shared.process.settings import PREFIX, secrets_of
from shared.storage.files import digest_of

SOURCE = "/trainers/ringrift"
REJECTED, UNCONFIRMED = 1, 3
AGAIN_SECONDS = 10.0
NATS_URL = "RINGRIFT_NATS_URL"
GauntletUrl = Annotated[str, typer.Option(envvar="RINGRIFT_GAUNTLET_URL", help="The gauntlet service")]


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
    nats_url: Annotated[
        str | None, typer.Option(help="The bus; otherwise what RINGRIFT_NATS_URL or RINGRIFT_NATS_URL_FILE gives")
    ] = None,
    architecture: Annotated[
        str | None, typer.Option(help="The network, of a file that does not say it: resnet, mlp (docs/models.md)")
    ] = None,
    parameter: Parameters = None,
    digest: Annotated[
        bool,
        typer.Option(help="Announce the file's digest too, where the path can be read here: damage on its way is seen"),
    ] = True,
    upload: Annotated[
        bool, typer.Option(help="Send the file to the gauntlet service, which does not see the folder that it lies in")
    ] = False,
    event_id: Annotated[str | None, typer.Option(help="Say the same announcement again, under its id")] = None,
    timeout: Annotated[float, typer.Option(min=0, help="Seconds to go on until the gauntlet service has it")] = 60,
    as_json: AsJson = False,
) -> None:
    """Announce a trained model. Example: ringrift announce --model models/my_model.pth --board-type hex8 --num-players 2

    Exit codes: 0 the gauntlet service has it; 1 it was rejected; 3 nobody has confirmed it: announce it again by --event-id;
    130 Ctrl-C.
    """
    network = {"architecture": architecture, "parameters": parsed(parameter) or None}
    known = _digest_here(Path(model), upload) if digest or upload else None
    path = None if upload else model
    data = _checked(board_type=board_type, num_players=num_players, model_path=path, digest=known, **network)
    identity, output = event_id or str(uuid4()), Output(as_json=as_json)
    again = f"announce it again with --event-id {identity}"
    try:
        with (
            output.going_on(f"event {identity}, which the suite may have or not; {again}"),
            Trainings(gauntlet_url, presented(api_key, "gauntlet")) as trainings,
        ):
            if upload and known:
                trainings.upload(model, known)
            if over == "http":
                training = trainings.announce(content(data), SOURCE, identity, timeout)
            else:
                training = over_nats(trainings, data, nats_url, identity, timeout)
    except RefusedError as error:
        output.fail(f"rejected: {error.detail}", event_id=identity)
        raise typer.Exit(REJECTED) from None
    except (FrontDoorError, ConnectionError, RuntimeError) as error:
        output.fail(f"not confirmed: {error}; {again}", event_id=identity)
        raise typer.Exit(UNCONFIRMED) from None
    named = {"event_id": identity, "training_id": training["id"], "configuration": str(data.configuration)}
    _tell(output, training, {**named, "model_path": model, "digest": known})


def _tell(output: Output, training: Mapping[str, Any], named: Mapping[str, Any]) -> None:
    """What became of it."""
    output.say(f"announced as event {named['event_id']}; it is training {training['id']}, {training['state']}")
    for note in training["notes"]:
        output.say(f"not used: {note}")
    if training["state"] == "rejected":
        output.fail(f"rejected: {training['reason']}", **named)
        raise typer.Exit(REJECTED)
    output.result(named)


def _checked(**given: Any) -> TrainingCompleted:
    """The data. typer.BadParameter for what no announcement may hold."""
    try:
        return TrainingCompleted.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        raise typer.BadParameter(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None


def _digest_here(path: Path, upload: bool) -> str | None:
    """The digest of a file that can be read on this machine; None for one that lies elsewhere, which cannot be sent."""
    with suppress(OSError, ValueError):
        if path.is_file():
            return digest_of(path)
    if upload:
        raise typer.BadParameter(f"--upload: {path} is no file that can be read here")
    return None


def over_nats(
    trainings: Trainings, data: TrainingCompleted, nats_url: str | None, event_id: str, seconds: float
) -> Any:
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


async def publish(data: TrainingCompleted, nats_url: str | None, event_id: str) -> None:
    """Publish an announcement durably; the environment says how to log in. ConnectionError if NATS cannot be reached."""
    try:
        options = NatsOptions.of(_nats_settings(nats_url))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    if not structlog.is_configured():
        configure_logs("ringrift", "ERROR")  # what is the matter is told once, at the end
    bus = Bus(options, "trainer")
    subject = f"{SUBJECT_PREFIX}.{data.event_type}.{data.subject}"
    try:
        payload = json.dumps(training_event(content(data), SOURCE, event_id)).encode()
        await bus.send(subject, payload, f"{SOURCE} {event_id}")
    finally:
        await bus.close()


def _nats_settings(url: str | None) -> NatsSettings:
    """Where NATS is and how to log in, by the environment; ValueError in words if it cannot be used."""
    environ = {**os.environ, **({NATS_URL: url} if url else {})}
    if url:
        environ.pop(NATS_URL + FILE, None)
    given, faults = read_secrets(secrets_of(NatsSettings), environ)
    if faults:
        raise ValueError("; ".join(faults))
    named: dict[str, Any] = {name.removeprefix(PREFIX).lower(): value for name, value in given.items()}
    return NatsSettings(**named)


def content(data: TrainingCompleted) -> Mapping[str, Any]:
    """The data as JSON, without what is not known."""
    return data.model_dump(mode="json", exclude_none=True)


def register(root: typer.Typer) -> None:
    """Make it a sub-command."""
    root.command("announce")(announce)
