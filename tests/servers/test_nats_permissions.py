"""What each login of docker/nats.conf can do on the bus, tried on a real server: what is its business, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest
from nats.aio.client import Client

from local import ports
from local.nats import binary
from local.process import Process
from shared.contract.events import DATA_MODELS, SUBJECT_PREFIX
from shared.messaging.bus import Bus
from shared.messaging.handlers import Message
from shared.messaging.nats_connection import NatsOptions
from shared.messaging.permissions import INBOX, LOGINS, SERVICES, STREAM, permissions
from shared.process.tasks import background
from tests.kit.compose import ROOT
from tests.kit.waiting import async_until, until

CONFIGURATION = (ROOT / "docker/nats.conf").read_text()
FORBIDDEN = (
    f"$JS.API.STREAM.DELETE.{STREAM}", f"$JS.API.STREAM.PURGE.{STREAM}", f"$JS.API.STREAM.MSG.DELETE.{STREAM}",
    "$JS.API.STREAM.CREATE.OTHER", "$JS.API.INFO", "$SYS.REQ.SERVER.PING", "other",
)  # fmt: skip
"""What nobody may publish."""


class Place(NamedTuple):
    """A server with the containers' logins."""

    port: int

    def options(self, login: str) -> NatsOptions:
        """How one logs in."""
        return NatsOptions((f"nats://{ports.HOST}:{self.port}",), user=login, password=f"word-of-{login}")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A server with docker/nats.conf, but for its port and folder."""
    folder, port = tmp_path_factory.mktemp("nats"), ports.free_port()
    text = CONFIGURATION.replace("4222", f'"{ports.HOST}:{port}"', 1).replace('http: "127.0.0.1:8222"\n', "")
    (folder / "nats.conf").write_text(text.replace("/data/nats", str(folder / "data")).replace("port:", "listen:", 1))
    env = {f"NATS_{login.upper()}_PASSWORD": f"word-of-{login}" for login in LOGINS}
    process = Process("NATS", [binary(), "-c", Path(folder / "nats.conf")], log=folder / "nats.log", env=env)
    process.start()
    try:
        until(lambda: not ports.is_free(port, ports.HOST), 30, process.log_tail)
        yield Place(port)
    finally:
        process.stop()


def test_the_containers_server_has_every_login() -> None:
    """Every subject that a login needs stands in docker/nats.conf, as often as logins need it, and no other."""
    needed = [
        subject
        for login in LOGINS for rules in permissions(login).values() for subjects in rules.values() for subject in subjects
    ]  # fmt: skip
    assert [line.strip().strip('"') for line in CONFIGURATION.splitlines() if line.startswith(" " * 12)] == needed
    assert [line.split()[1].rstrip(",") for line in CONFIGURATION.splitlines() if "user: " in line] == [*LOGINS]


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_finds_all_that_it_needs(place: Place, service: str) -> None:
    """It makes its consumer, and is ready."""
    bus = Bus(place.options(service), service)

    async def bury(*_: object) -> None:
        raise AssertionError("nothing comes")

    async def receive(_: Message) -> None:
        raise AssertionError("nothing comes")

    async def is_ready() -> bool:
        with suppress(RuntimeError):
            await bus.check(service, ["MODEL_PROMOTED"])
            return True
        return False

    consuming = partial(bus.consume, service, ["MODEL_PROMOTED"], receive, bury)
    async with background({"consumer": consuming}):
        await async_until(is_ready, 20)
    await bus.close()


@pytest.mark.parametrize("login", LOGINS)
async def test_nobody_says_what_is_not_theirs(place: Place, login: str) -> None:
    """No other's events, no other's consumer, nothing against the stream, and no other's answers."""
    others = [each for each in SERVICES if each != login]
    events = [f"{SUBJECT_PREFIX}.{name}.hex8_2p" for name, model in DATA_MODELS.items() if model.producer != login]
    verbs = ("DELETE", "CREATE", "DURABLE.CREATE", "MSG.NEXT", "INFO")
    consumers = [f"$JS.API.CONSUMER.{verb}.{STREAM}.{other}" for verb in verbs for other in others]
    acks = [f"$JS.ACK.{STREAM}.{other}.1.1.1.1.1" for other in others]
    publishes, subscribes = [*events, *consumers, *acks, *FORBIDDEN], [f"{INBOX}.{each}.>" for each in others]
    refused = {f'publish to "{each}"' for each in publishes} | {f'subscription to "{each}"' for each in subscribes}
    said: list[str] = []

    async def note(error: Exception) -> None:
        said.append(str(error).lower())

    async def all_are() -> bool:
        return all(any(each.lower() in line for line in said) for each in refused)

    client, options = Client(), place.options(login)
    await client.connect(list(options.servers), user=login, password=options.password, error_cb=note)
    for subject in publishes:
        await client.publish(subject, b"{}")
    for subject in subscribes:
        await client.subscribe(subject)
    await async_until(all_are, 20, lambda: "\n".join(said))
    await client.close()
