"""From evidence to pointer: an end of an evaluation committed, until MODEL_PROMOTED is received, beside the floor of the same run.

The gauntlet service runs in the measuring process, so that both ends have one clock; promotion service, Postgres and NATS are
processes of their own, with durable disks. The floor is what two messages on the stream and one commit take, and nothing else.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from uuid import uuid4

import uvicorn
import uvloop
from fastapi import FastAPI
from rich.table import Table

from local.suite import Addresses, Suite
from services.gauntlet import repository
from services.gauntlet.app import create_app
from services.gauntlet.evaluation import Evaluation
from services.gauntlet.service import GauntletService
from services.gauntlet.settings import GauntletSettings
from shared.contract.configuration import Configuration
from shared.contract.evidence import CanonicalReference, Evidence, ModelMetadata, OpponentEvidence
from shared.contract.policy import GatePolicy
from shared.contract.words import OpponentName
from shared.messaging.bus import Bus
from shared.messaging.handlers import Message
from shared.process.logs import configure_logs
from shared.process.postgres_url import PostgresUrl
from shared.process.settings import load_settings
from shared.process.tasks import background
from shared.storage.artifact_folder import ArtifactFolder
from shared.storage.artifacts import Artifact
from shared.storage.connecting import connect
from tests.kit.waiting import async_until

HEX8 = Configuration("hex8", 2)
WINS, GAMES = 43, 50
FLOOR, PAYLOAD = "ringrift.floor", b"x" * 3000
MODEL = ModelMetadata(architecture="resnet", parameters=89_434)
WARM = 20
"""Promotions before the first that counts."""


@dataclass(frozen=True)
class Timed:
    """Seconds of each promotion, and of the floor that was measured right before it."""

    promotions: list[float]
    floor: list[float]


def promotion(quick: bool) -> Table:
    """p50 and p99 of promotions one after the other, of the floor, and their ratios."""
    table = Table("figure", "value", title="From evidence to pointer")
    configure_logs("bench", "WARNING")
    with running() as suite, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        timed = runner.run(one_by_one(suite, 50 if quick else 400))
    table.add_row("promotions", str(len(timed.promotions)))
    for name, share in (("p50", 0.5), ("p99", 0.99)):
        took, floor = at(timed.promotions, share), at(timed.floor, share)
        table.add_row(f"{name}_ms", f"{1000 * took:.2f}")
        table.add_row(f"{name}_floor_ms", f"{1000 * floor:.2f}")
        table.add_row(f"{name}_over_floor", f"{took / floor:.2f}")
    return table


def at(seconds: list[float], share: float) -> float:
    """The value below which that share of them lies."""
    return sorted(seconds)[min(int(len(seconds) * share), len(seconds) - 1)]


@contextmanager
def running() -> Iterator[Suite]:
    """A suite with durable servers and the promotion service; whoever measures is its gauntlet service."""
    with tempfile.TemporaryDirectory(prefix="ringrift-bench-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        suite = Suite(Path(folder), Addresses.free(nodes=0), elsewhere=("gauntlet", "distribution"))
        with suite.running(lambda _: None):
            yield suite


async def one_by_one(suite: Suite, count: int) -> Timed:
    """So many promotions, each after the one before was received, and the floor between them."""
    async with gauntlet(suite) as app, received(suite) as promoted, floor(suite) as floored:
        floors, seconds = [], []
        head: CanonicalReference | None = None
        for number in range(WARM + count):
            candidate = await played(app, number, head)
            floors.append(await floored())
            committed = await ended(app, candidate)
            version, moment = await promoted.get()
            seconds.append(moment - committed)
            head = CanonicalReference(version=version, digest=candidate.playable.digest)
        return Timed(seconds[WARM:], floors[WARM:])


@asynccontextmanager
async def gauntlet(suite: Suite) -> AsyncIterator[FastAPI]:
    """The gauntlet service in this process, without workers, while the block lasts."""
    settings = load_settings(GauntletSettings, {**suite.environment("gauntlet"), "RINGRIFT_GAUNTLET_WORKERS": "0"})
    app = create_app(settings)
    config = uvicorn.Config(app, port=settings.gauntlet_port, log_config=None, access_log=False)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())

    async def has_started() -> bool:
        return server.started

    try:
        await async_until(has_started, 60)
        yield app
    finally:
        server.should_exit = True
        await serving


@asynccontextmanager
async def received(suite: Suite) -> AsyncIterator[asyncio.Queue[tuple[int, float]]]:
    """Each MODEL_PROMOTED that a durable consumer receives, as services do: its version, and when it came."""
    bus, arrivals = Bus(suite.nats.url, "bench"), asyncio.Queue[tuple[int, float]]()

    async def receive(message: Message) -> None:
        moment = time.perf_counter()
        arrivals.put_nowait((json.loads(message.payload)["data"]["version"], moment))

    async def bury(*_: object) -> None:
        raise AssertionError("nothing is buried here")

    async with background({"consumer": partial(bus.consume, "bench", ["MODEL_PROMOTED"], receive, bury)}):
        yield arrivals
    await bus.close()


@asynccontextmanager
async def floor(suite: Suite) -> AsyncIterator[Callable[[], Awaitable[float]]]:
    """Seconds of two acknowledged messages on a stream of their own and one committed row, each time it is called."""
    bus = Bus(suite.nats.url, "floor")
    client, connection = await bus.connect(), await connect(PostgresUrl.read(suite.postgres.url()))
    stream = client.jetstream()
    await stream.add_stream(name="FLOOR", subjects=[FLOOR])
    await connection.execute("create table floor (row text)")

    async def measured() -> float:
        started = time.perf_counter()
        await stream.publish(FLOOR, PAYLOAD)
        await connection.execute("insert into floor values ($1)", PAYLOAD.decode())
        await stream.publish(FLOOR, PAYLOAD)
        return time.perf_counter() - started

    try:
        yield measured
    finally:
        await connection.close()
        await bus.close()


async def played(app: FastAPI, number: int, head: CanonicalReference | None) -> Evaluation:
    """An evaluation of a new model, whose games are all played and passed."""
    service: GauntletService = app.state.service
    artifact = await asyncio.to_thread(new_model, app.state.artifacts.store, number)
    planned = service.controller.on_request(uuid4(), HEX8, None, artifact.digest, None)
    async with service.database.write(quiet=True) as tx:
        evaluation_id = await repository.add_evaluation(tx, replace(planned, reason="training"), None)
        found = await repository.locked(tx, evaluation_id)
        assert found is not None
        found = await service.journal.save(tx, found.taken_in(artifact, number))
        found = await service.journal.save(tx, found.ruled_by(GatePolicy()))
        found = await service.journal.save(tx, found.begun(head))
        found = await service.journal.save(tx, found.described(MODEL, "full"))
    return found


async def ended(app: FastAPI, evaluation: Evaluation) -> float:
    """The evaluation ends with evidence, in one transaction as always; when that was committed."""
    service: GauntletService = app.state.service
    async with service.database.write() as tx:
        found = await repository.locked(tx, evaluation.id)
        assert found is not None
        await service.journal.save(tx, found.completed(evidence(found)))
    return time.perf_counter()


def new_model(store: ArtifactFolder, number: int) -> Artifact:
    """A file that nobody has seen before, in the store."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(f"model {number}".encode())
        file.flush()
        return store.take_in(Path(file.name))


def evidence(evaluation: Evaluation) -> Evidence:
    """What all the games of an evaluation amount to: enough of them were won."""
    return Evidence(
        seed=evaluation.playable.seed, policy_id=evaluation.policy_id, gates=evaluation.playable.gates, play=evaluation.play,
        previous=evaluation.previous, opponents=[against(name) for name in evaluation.gated], duration_seconds=1, cpu_seconds=1,
    )  # fmt: skip


def against(opponent: OpponentName) -> OpponentEvidence:
    """Games against an opponent."""
    losses = GAMES - WINS
    return OpponentEvidence(
        opponent=opponent, games_planned=GAMES, games=GAMES, wins=WINS, draws=0, losses=losses, truncated=0, errored=0,
        score_histogram=[losses, 0, WINS], distinct_games=GAMES, network_evaluations=GAMES * 30,
    )  # fmt: skip
