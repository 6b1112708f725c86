"""The operator of a whole suite: real servers, three services and a node, each a process of its own, used through public doors."""

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from local.suite import Addresses, Suite
from services.gauntlet.training import training_id
from shared.contract.events import Event
from shared.contract.events.trainer import TrainingCompleted
from shared.messaging.bus import Bus
from shared.storage.files import digest_of
from tests.kit.http_client import HTTP
from tests.kit.waiting import until

DEMO = Path(__file__).resolve().parents[2] / "models" / "demo"
HEX8 = "hex8_2p"


class Operator:
    """What a test does to the suite, through its public doors."""

    def __init__(self, suite: Suite) -> None:
        self.suite = suite

    def get(self, service: str, path: str) -> Any:
        """A GET's JSON; None while the service does not answer, or answers an error."""
        try:
            answer = HTTP.get(self.suite.addresses.url(service) + path, timeout=10)
        except httpx.HTTPError:
            return None
        return answer.json() if answer.is_success else None

    def events(self, service: str, event_type: str) -> list[Any]:
        """A service's events of one type, oldest first."""
        page = self.get(service, f"/v1/events?type={event_type}&limit=1000")
        return page["items"] if page else []

    def completed(self, evaluation: str) -> Any:
        """The evaluation's one EVALUATION_COMPLETED, once there is one."""
        found = [each["data"] for each in self.events("gauntlet", "EVALUATION_COMPLETED")]
        mine = [each for each in found if each["evaluation_id"] == evaluation]
        assert len(mine) <= 1
        return mine[0] if mine else None

    def training_completed(self, name: str) -> Event:
        """The event that announces a demo model, whose file is put into the models folder."""
        shutil.copy(DEMO / f"{HEX8}_{name}.pth", self.suite.models / f"{name}.pth")
        data = TrainingCompleted(board_type="hex8", num_players=2, model_path=f"models/{name}.pth", trained_by="a test")
        return Event.of(data, source="/tests")

    def logged(self, event: str) -> list[Any]:
        """The log's entries of one event, oldest first."""
        lines = self.suite.log.read_text().splitlines()
        entries = [json.loads(line) for line in lines if line.startswith("{") and f'"{event}"' in line]
        return [entry for entry in entries if entry["event"] == event]

    async def publish(self, event: Event) -> None:
        """Publish an event over NATS."""
        bus = Bus(self.suite.nats.url, "test")
        try:
            await bus.publish(event)
        finally:
            await bus.close()

    def kill(self, name: str) -> None:
        """SIGKILL a process, with whatever it started."""
        self.suite.processes[name].kill()

    def start(self, name: str) -> None:
        """Start a process again."""
        process = self.suite.processes[name]
        process.start()
        path = "/health" if name in self.suite.addresses.nodes else "/readyz"
        process.wait_for_http(self.suite.addresses.url(name) + path)

    def delivered(self, name: str) -> dict[str, Any]:
        """Wait until a demo model is canonical and every node reports its digest; returns the canonical version."""
        digest = digest_of(DEMO / f"{HEX8}_{name}.pth")

        def held() -> Any:
            nodes = self.get("distribution", f"/v1/configurations/{HEX8}/availability") or {}
            return nodes and all(node["digest"] == digest for node in nodes.values())

        self.eventually(held)
        canonical = self.get("promotion", f"/v1/configurations/{HEX8}/canonical")
        assert canonical["digest"] == digest
        return dict(canonical)

    def eventually(self, question: Callable[[], Any]) -> Any:
        """The first true answer; a test fails, with the end of the log, if there is none in time."""
        return until(question, 150, lambda: self.suite.log.read_text()[-3000:])


def evaluation_of(event: Event) -> str:
    """The id of the evaluation to which a trainer's event leads."""
    return str(training_id(event.source, str(event.id)))


@contextmanager
def running_suite(settings: Mapping[str, str]) -> Iterator[Operator]:
    """The operator of a suite with one node, while the block lasts. `settings`: what differs, without RINGRIFT_."""
    changed = {f"RINGRIFT_{key}": value for key, value in settings.items()}
    # pytest's own folders are closed to other users, and Postgres may have to run as one of them
    with tempfile.TemporaryDirectory(prefix="ringrift-tests-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        everything = {"RINGRIFT_FEED_SECONDS": "0.5", **changed}
        suite = Suite(Path(folder), Addresses.free(nodes=1), durable=False, settings=everything)
        with suite.running(lambda _: None):
            yield Operator(suite)
