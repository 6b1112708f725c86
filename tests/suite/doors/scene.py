"""A running suite with a key for each edge, whose games are skipped: what is asked for at its doors is promoted in seconds."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import torch

from local.suite import Addresses, Suite
from tests.kit.documented import complaint
from tests.kit.documents import Operation
from tests.kit.operator import DEMO, HEX8
from tests.kit.waiting import until
from tests.suite.edges.credentials import Ring

MODELS = ("trained", "successor", "untrained")


@dataclass
class Scene:
    """The suite and its operator, who has every key of theirs."""

    suite: Suite
    ring: Ring
    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=30, trust_env=False))

    def url(self, process: str) -> str:
        """Where a process is; `agent` is the only node."""
        return self.suite.addresses.url("node-1" if process == "agent" else process)

    def key(self, process: str) -> str:
        """The operator's key for a process; for the agent, that of a reader."""
        return self.ring.key("reader", "node-1") if process == "agent" else self.ring.key("operator", process)

    def asks(self, process: str, method: str, path: str, **options: Any) -> httpx.Response:
        """The answer to the operator, which is as the process's document says."""
        headers = {"Authorization": f"Bearer {self.key(process)}", **options.pop("headers", {})}
        answer = self.client.request(method, self.url(process) + path, headers=headers, **options)
        found = complaint(process, method, path.partition("?")[0], answer, answer.content)
        assert not found, found
        return answer

    def get(self, process: str, path: str) -> Any:
        """A successful GET's JSON."""
        answer = self.asks(process, "GET", path)
        assert answer.is_success, answer.text
        return answer.json()

    def version(self) -> int:
        """What is canonical, 0 for nothing yet."""
        answer = self.asks("promotion", "GET", f"/v1/configurations/{HEX8}/canonical")
        return int(answer.json()["version"]) if answer.is_success else 0

    def state(self) -> Any:
        """All that nobody wants to have changed by trying things: the pointer, the nodes, holds and policies of what is trained."""
        holds = [each for each in self.get("promotion", "/v1/holds")["items"] if each["configuration"] == HEX8]
        nodes = [(each["name"], each["url"]) for each in self.get("distribution", "/v1/nodes")["items"]]
        return self.version(), holds, nodes, self.get("promotion", f"/v1/policies/{HEX8}")

    def tries(self, operation: Operation) -> httpx.Response:
        """Press Execute: the request with what the document fills in, and nothing else."""
        values = {each["name"]: _filled_in(each) for each in operation.parameters}
        given = {name: value for name, value in values.items() if value is not None}
        path = re.sub(r"\{(\w+)\}", lambda match: str(given.pop(match[1])), operation.path)
        options: dict[str, Any] = {"params": given}
        if operation.body is not None:
            kind, media = operation.body
            options |= {"json": media["example"], "headers": {"Content-Type": kind}}
        return self.asks(operation.process, operation.method, path, **options)


def _filled_in(parameter: Any) -> Any:
    shown = (
        [parameter["example"]]
        if "example" in parameter
        else [each["value"] for each in parameter.get("examples", {}).values()]
    )
    return shown[0] if shown else None


@contextmanager
def set_up() -> Iterator[Scene]:
    """The scene, while the block lasts."""
    with tempfile.TemporaryDirectory(prefix="ringrift-tests-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        ring, settings = Ring.new(), {"RINGRIFT_FEED_SECONDS": "0.5", "RINGRIFT_SKIP_GAUNTLET": "true"}
        suite = Suite(Path(folder), Addresses.free(nodes=1), durable=False, settings=settings, own=ring.own)
        with suite.running(lambda _: None):
            for name in MODELS:
                shutil.copy(DEMO / f"{HEX8}_{name}.pth", suite.models / f"{name}.pth")
            write_another(suite.models / "trained.pth", suite.models / "my_model.pth")
            scene = Scene(suite, ring)
            with scene.client:
                yield scene


def write_another(like: Path, path: Path) -> None:
    """A model that is nearly the same, and another one."""
    content = torch.load(like, weights_only=True)
    next(iter(content["state_dict"].values())).view(-1)[0] += 0.001
    torch.save(content, path)


def promoted(scene: Scene, before: int) -> None:
    """Wait until there is a newer canonical version."""
    until(lambda: scene.version() > before, 60, lambda: scene.suite.log.read_text()[-3000:])
