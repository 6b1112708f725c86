"""A running promotion service whose neighbours answer, in a folder where an operator can type the runbook's commands."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any
from uuid import UUID

import httpx
import pytest

from local.ports import free_port
from services.promotion.app import create_app
from services.promotion.settings import PromotionSettings
from shared.contract.evidence import CanonicalReference
from shared.service.migrations import migrate
from shared.storage.artifact_folder import ArtifactFolder
from shared.storage.artifacts import Artifact, resolve_inside
from tests.kit.documented import Documented
from tests.kit.http_client import HTTP
from tests.kit.http_server import serving_app
from tests.kit.servers import Migrate
from tests.kit.waiting import until
from tests.promotion.conftest import announcement, completed
from tests.promotion.peers import Neighbour

ROOT = Path(__file__).resolve().parent.parent.parent
HEX8 = "/v1/configurations/hex8_2p"
AT_NODE = {"bytes_done": 5, "size": 5, "updated_at": "2026-01-31T12:00:00Z"}


@pytest.fixture(scope="session")
def database_template(make_template: Callable[[str, Migrate], str]) -> str:
    """Every test's database has the promotion service's schema."""
    return make_template("promotion", lambda url: migrate(url, ("promotion",)))


class Gauntlet(Neighbour):
    """Answers every request at once: `wins` of 50 games against each opponent."""

    def __init__(self, models: Path, store: ArtifactFolder) -> None:
        super().__init__()
        self.models, self.store, self.wins = models, store, 43
        self.promotion = ""
        self._answered, self._answering, self._is_playing = 0, Lock(), False

    @contextmanager
    def playing(self) -> Iterator[None]:
        """Answers nothing while the block lasts, as if games were under way."""
        self._is_playing = True
        try:
            yield
        finally:
            self._is_playing = False

    def page(self, query: str) -> Any:
        """The feed, after answering what was asked meanwhile."""
        with suppress(httpx.TransportError), self._answering:  # it reads this feed before it listens, and after
            asked = HTTP.get(f"{self.promotion}/v1/events?type=EVALUATION_REQUESTED").json()["items"]
            if not self._is_playing:
                self.feed += [announcement(self._evaluate(each["data"])) for each in asked[self._answered :]]
                self._answered = len(asked)
        return super().page(query)

    def _evaluate(self, asked: Any) -> Any:
        artifact = self._artifact(asked)
        head = HTTP.get(f"{self.promotion}{HEX8}/canonical").json()
        meets = "version" in head and head["digest"] != artifact.digest
        previous = CanonicalReference(version=head["version"], digest=head["digest"]) if meets else None
        data = completed(artifact.digest, previous, self.wins, UUID(asked["request_id"]), artifact.size)
        if asked["reason"] == "forced":
            data = data.model_copy(
                update={"evidence": data.evidence.model_copy(update={"skipped": True, "opponents": []})}
            )
        return data

    def _artifact(self, asked: Any) -> Artifact:
        """The model that is asked for, by its path or by its digest."""
        if asked["model_path"] is not None:
            return self.store.take_in(resolve_inside(self.models, asked["model_path"]))
        found = self.store.find(asked["digest"])
        assert found is not None
        return found


class Distribution(Neighbour):
    """Says of every canonical version that two nodes hold it, unless `lacking` names one that does not."""

    def __init__(self) -> None:
        super().__init__()
        self.promotion, self.lacking = "", ""

    def show_status(self) -> Any:
        """The answer to GET /status."""
        head = HTTP.get(f"{self.promotion}{HEX8}/canonical").json()
        nodes = {name: {**AT_NODE, "state": "delivered", "detail": None} for name in ("node-1", "node-2")}
        if self.lacking:
            nodes[self.lacking] = {**AT_NODE, "state": "pending", "detail": "connection refused"}
        progress = (
            {"version": head["version"], "digest": head["digest"], "nodes": nodes, "complete": not self.lacking}
            if "version" in head
            else None
        )
        configurations = {"hex8_2p": progress} if progress else {}
        return {
            "model_distribution": {"configurations": configurations},
            "daemon": {"status": "running"},
            "alive_peers": ["127.0.0.1"],
        }


@dataclass
class Operator:
    """Someone at a shell, with a models folder, the scripts, and the front door on another port than the runbook's."""

    folder: Path
    url: str
    gauntlet: Gauntlet
    distribution: Distribution
    environment: dict[str, str] = field(default_factory=dict)

    def types(self, command: str, code: int = 0) -> str:
        """Run a command as the runbook prints it; returns its output."""
        command = command.replace("http://localhost:8770", self.url)
        ended = subprocess.run(
            ["bash", "-c", command], cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=120
        )
        assert ended.returncode == code, ended.stdout + ended.stderr
        return ended.stdout + ended.stderr

    def runs_python(self, snippet: str) -> str:
        """Run a snippet as the runbook prints it after `python -c`."""
        ended = subprocess.run(
            [sys.executable, "-c", snippet],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    def get(self, path: str) -> Any:
        """The JSON of a GET."""
        return HTTP.get(self.url + path).json()

    def has(self, name: str, content: bytes) -> None:
        """Put a file into the models folder."""
        (self.folder / "models" / name).write_bytes(content)

    def waits_for_file(self, name: str, content: bytes) -> None:
        """Wait until a file of the models folder has these bytes."""
        path = self.folder / "models" / name
        until(lambda: path.exists() and path.read_bytes() == content, 20)


@pytest.fixture
def operator(database_url: str, nats_url: str, tmp_path: Path) -> Iterator[Operator]:
    """The operator of a running promotion service."""
    models, store = tmp_path / "models", ArtifactFolder(tmp_path / "artifacts")
    models.mkdir()
    (tmp_path / "scripts").symlink_to(ROOT / "scripts")
    url = f"http://127.0.0.1:{free_port()}"
    with Gauntlet(models, store).serving() as gauntlet, Distribution().serving() as distribution:
        assert isinstance(gauntlet, Gauntlet)
        assert isinstance(distribution, Distribution)
        gauntlet.promotion = distribution.promotion = url
        settings = PromotionSettings(
            database_url=database_url, nats_url=nats_url, artifacts_dir=tmp_path / "artifacts", models_dir=models,
            distribution_url=distribution.url, gauntlet_url=gauntlet.url, feed_seconds=0.1,
            promotion_port=int(url.rsplit(":", 1)[1]),
        )  # fmt: skip
        environment = {key: value for key, value in os.environ.items() if not key.startswith("RINGRIFT_")}
        environment |= {
            "RINGRIFT_PROMOTION_URL": url,
            "RINGRIFT_GAUNTLET_URL": gauntlet.url,
            "PYTHONPATH": f"{ROOT}:{ROOT / 'client'}",
        }
        environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
        documented = Documented(create_app(settings), "promotion")
        with serving_app(documented, settings.promotion_port):
            yield Operator(tmp_path, url, gauntlet, distribution, environment)
        assert documented.complaints == []
