"""A distribution service and node agents as real processes, with the promotion service's feed beside them."""

import contextlib
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from local.ports import free_port
from local.process import Process
from services.distribution.consumers import HANDLERS
from services.distribution.daemon_records import DaemonRecords
from services.distribution.daemon_state import DaemonState
from services.distribution.joining import Confirmed
from services.distribution.service import Acts, DistributionService, Nodes, Rollouts
from services.distribution.service.rollouts import Health
from services.distribution.tables import MESSAGING
from services.distribution.wave import WavePlan
from shared.contract.events import Event
from shared.contract.events.promotion import ModelPromoted
from shared.messaging.inbox import Inbox
from shared.messaging.outbox import Outbox
from shared.messaging.repository import MessageStore
from shared.service.migrations import migrate
from shared.storage.artifact_folder import ArtifactFolder
from shared.storage.artifacts import Artifact
from shared.storage.database import Database
from tests.distribution.bench import NODES, Bench
from tests.kit.documented import complaint
from tests.kit.http_client import HTTP
from tests.kit.processes import suite_process
from tests.kit.servers import Migrate
from tests.kit.waiting import until
from tests.promotion.peers import Neighbour

HEX8 = "hex8_2p"


@pytest.fixture(scope="session")
def database_template(make_template: Callable[[str, Migrate], str]) -> str:
    """Every test's database has the distribution service's schema."""
    return make_template("distribution", lambda url: migrate(url, ("distribution",)))


@dataclass
class Stage:
    """The service, its nodes, and what a test does to them."""

    folder: Path
    promotion: Neighbour
    settings: dict[str, str]
    url: str
    service: Process
    agents: dict[str, Process] = field(default_factory=dict)
    urls: dict[str, str] = field(default_factory=dict)

    @property
    def store(self) -> ArtifactFolder:
        """The artifact store that the service reads."""
        return ArtifactFolder(self.folder / "artifacts")

    def start(self) -> None:
        """Start the service and wait until it is ready."""
        self.service.start()
        self.service.wait_for_http(f"{self.url}/readyz", 240)

    def add_agent(self, name: str, largest_file: int | None = None) -> None:
        """Start an agent and register its node. `largest_file`: KiB that its disk takes of one file."""
        self.make_agent(name, largest_file=largest_file)
        self.start_agent(name)
        self.register(name, self.urls[name])

    def make_agent(self, name: str, changed: Mapping[str, str] | None = None, largest_file: int | None = None) -> None:
        """An agent that is not started yet. `changed`: settings that are not as usual."""
        port = free_port()
        self.urls[name] = f"http://{(changed or {}).get('HOST', '127.0.0.1')}:{port}"
        settings = {
            "AGENT_NODE": name, "AGENT_PORT": str(port), "AGENT_DIR": str(self.folder / name), "DISTRIBUTION_URL": self.url,
            "AGENT_TRANSPORT": "http", **(changed or {}),
        }  # fmt: skip
        self.agents[name] = suite_process(name, "services.distribution.agent", settings, self.folder, largest_file)

    def start_agent(self, name: str) -> None:
        """Start an agent, or start it again."""
        self.agents[name].start()
        self.agents[name].wait_for_http(f"{self.urls[name]}/health", 240)

    def kill_agents(self) -> None:
        """End every agent."""
        for agent in self.agents.values():
            agent.kill()

    def register(self, name: str, url: str) -> None:
        """Make a node known to the service."""
        answer = HTTP.post(f"{self.url}/v1/nodes", json={"name": name, "url": url})
        assert answer.status_code == 201, answer.text

    def move(self, name: str, url: str) -> None:
        """Give a node another address."""
        assert HTTP.put(f"{self.url}/v1/nodes/{name}", json={"url": url}).status_code == 200

    def take_in(self, content: bytes) -> Artifact:
        """Put bytes into the artifact store."""
        path = self.folder / f"{uuid4().hex}.pth"
        path.write_bytes(content)
        return self.store.take_in(path)

    def promote(self, version: int, content: bytes) -> Event:
        """The promotion service says that these bytes are canonical now."""
        artifact = self.take_in(content)
        return self.say_promoted(version, artifact.digest, artifact.size)

    def say_promoted(self, version: int, digest: str, size: int) -> Event:
        """The promotion service's event."""
        data = ModelPromoted(
            board_type="hex8", num_players=2, version=version, digest=digest, size=size,
            decision_id=uuid4(), kind="automatic",
        )  # fmt: skip
        event = Event.of(data, source="/services/promotion")
        self.promotion.feed.append(event)
        return event

    def get(self, path: str) -> Any:
        """A successful GET's JSON."""
        answer = HTTP.get(self.url + path)
        assert answer.status_code == 200, answer.text
        assert complaint("distribution", "GET", path.partition("?")[0], answer, answer.content) == ""
        return answer.json()

    def nodes(self) -> Any:
        """Each node's delivery of the desired version; empty before there is one."""
        return self.get("/status")["model_distribution"]["configurations"].get(HEX8, {}).get("nodes", {})

    def wait_for_passes(self, count: int) -> None:
        """Wait until the daemon has compared desired and reported so many times more."""
        for _ in range(count):
            before = self.last_pass()
            until(partial(self._passed_since, before))

    def last_pass(self) -> str:
        """When the daemon last compared desired and reported."""
        return str(self.get("/status")["daemon"]["last_pass_at"])

    def _passed_since(self, before: str) -> bool:
        return self.last_pass() != before

    def delivered(self, digest: str, *names: str) -> None:
        """Wait until those nodes hold the model by their own report, and see the file."""
        until(lambda: all(self.holds(name, digest) for name in names))
        for name in names:
            assert self.file(name).is_file()

    def holds(self, name: str, digest: str) -> bool:
        """Whether the service knows, by the node's own report, that it holds the digest."""
        answer = HTTP.get(f"{self.url}/v1/configurations/{HEX8}/availability")
        return answer.status_code == 200 and answer.json().get(name, {}).get("digest") == digest

    def file(self, name: str) -> Path:
        """The canonical file on a node."""
        return self.folder / name / "models" / f"canonical_{HEX8}.pth"

    def events(self, event_type: str) -> list[Any]:
        """The data of the service's events of one type, oldest first."""
        return [item["data"] for item in self.get(f"/v1/events?type={event_type}")["items"]]


def megabytes(count: int) -> bytes:
    """That many megabytes of which no two agree."""
    return b"".join(secrets.token_bytes(8) * (1 << 17) for _ in range(count))


@pytest.fixture
def settings_changed() -> dict[str, str]:
    """Settings that differ from the tests' usual ones."""
    return {}


@contextlib.contextmanager
def staged(database_url: str, nats_url: str, folder: Path, changed: Mapping[str, str]) -> Iterator[Stage]:
    """A running distribution service without nodes. `changed`: settings that are not as usual."""
    with Neighbour().serving() as promotion, contextlib.ExitStack() as stack:
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        settings = {
            "DATABASE_URL": database_url, "NATS_URL": nats_url, "DISTRIBUTION_PORT": str(port),
            "DISTRIBUTION_URL": url, "PROMOTION_URL": promotion.url, "FEED_SECONDS": "0.1", "RECONCILE_SECONDS": "0.1",
            "ARTIFACTS_DIR": str(folder / "artifacts"), "MODELS_DIR": str(folder / "models"), "DISTRIBUTION_TRANSPORT": "http",
            **changed,
        }  # fmt: skip
        service = suite_process("distribution", "services.distribution", settings, folder)
        stage = Stage(folder, promotion, settings, url, service)
        stack.callback(stage.kill_agents)
        stack.callback(service.kill)
        stage.start()
        yield stage


@pytest.fixture
def stage(
    database_url: str, nats_url: str, tmp_path: Path, settings_changed: dict[str, str]
) -> Iterator[Stage]:  # fmt: skip
    """A running distribution service without nodes."""
    with staged(database_url, nats_url, tmp_path, settings_changed) as stage:
        yield stage


@pytest.fixture
def wave_plan() -> WavePlan:
    """How versions are led to nodes in `bench`."""
    return WavePlan()


@pytest.fixture
def health() -> Health | None:
    """Who says in `bench` whether all is well."""
    return None


@pytest.fixture
async def bench(database_url: str, tmp_path: Path, wave_plan: WavePlan, health: Health | None) -> AsyncIterator[Bench]:
    """A service with two registered nodes."""
    database, messages = Database(database_url), MessageStore(MESSAGING)
    store = ArtifactFolder(tmp_path / "artifacts")
    state, outbox = DaemonState(1), Outbox(messages)
    service = DistributionService(
        database,
        outbox,
        store,
        state,
        300,
        "/services/distribution",
        Nodes(database, state, 600, Confirmed(time.monotonic), Acts(Outbox(messages), "/services/distribution")),
        Rollouts(database, outbox, wave_plan, "/services/distribution", health),
    )
    await service.nodes.register(*NODES)
    yield Bench(service, DaemonRecords(service), Inbox(database, messages, HANDLERS.bound(service)), tmp_path)
    await database.close()
