"""The suite that the pages' commands are tried on, and what their placeholders stand for there."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local.suite import SERVICES
from shared.messaging.bus import Bus
from shared.storage.files import digest_of
from tests.kit.http_client import HTTP
from tests.kit.operator import DEMO, HEX8, Operator, running_suite
from tests.kit.waiting import until

STRICT = """
set -euo pipefail
curl() { command curl --fail-with-body --max-time 30 "$@"; }
jq() { command jq --exit-status "$@"; }
"""
"""An answer that is a problem, or lacks what is asked of it, ends the command."""


@dataclass
class Scene:
    """A suite in which two versions were promoted, a message could not be read, and a node is gone. Nothing is played."""

    operator: Operator
    stands_for: dict[str, str]

    def types(self, command: str) -> tuple[int, str]:
        """Run a command as printed, but for its placeholders, in the suite's folder; returns its exit code and output."""
        for placeholder, value in self.stands_for.items():
            command = command.replace(placeholder, value)
        ended = self._run(["bash", "-c", STRICT + command])
        return ended.returncode, ended.stdout + ended.stderr

    def runs(self, program: str) -> subprocess.CompletedProcess[str]:
        """Run a program that uses the suite, in its folder, so that `models` is the suite's."""
        return self._run([sys.executable, "-c", program])

    def _run(self, words: list[str]) -> subprocess.CompletedProcess[str]:
        until(self.settled, 60, lambda: self.operator.suite.log.read_text()[-3000:])
        suite = self.operator.suite
        urls = {f"RINGRIFT_{name.upper()}_URL": suite.addresses.url(name) for name in SERVICES}
        own = {"XDG_STATE_HOME": str(suite.folder / "state")}
        return subprocess.run(
            words, cwd=suite.folder, env=environment() | urls | own, capture_output=True, text=True, timeout=120
        )

    def settled(self) -> bool:
        """Whether everything that was asked for is decided, and the canonical file is that of the ledger."""
        decisions = self.operator.get("promotion", "/v1/decisions?limit=1000")
        canonical = self.operator.get("promotion", f"/v1/configurations/{HEX8}/canonical")
        trainings = self.operator.get("gauntlet", "/v1/trainings?state=accepted&limit=1000")
        if not decisions or not canonical or not trainings:
            return False
        asked = len(self.operator.events("promotion", "EVALUATION_REQUESTED")) + len(trainings["items"])
        asked += sum(each["data"]["kind"] == "rollback" for each in self.operator.events("promotion", "MODEL_PROMOTED"))
        file = self.operator.suite.models / f"canonical_{HEX8}.pth"
        return len(decisions["items"]) == asked and file.exists() and digest_of(file) == canonical["digest"]


def environment() -> dict[str, str]:
    """This process's environment without settings of the suite, and with the programs of its virtual environment. Packages may lie
    where PYTHONPATH says; ours are found first."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("RINGRIFT_")}
    root = Path(__file__).resolve().parents[2]
    packages = os.pathsep.join(filter(None, (str(root), str(root / "client"), inherited.get("PYTHONPATH"))))
    return inherited | {"PATH": f"{sys.prefix}/bin:{inherited['PATH']}", "PYTHONPATH": packages}


@contextmanager
def set_up() -> Iterator[Scene]:
    """The scene, while the block lasts."""
    with running_suite({"SKIP_GAUNTLET": "true"}) as operator:
        suite = operator.suite
        for name in ("untrained", "trained"):
            asyncio.run(operator.publish(operator.training_completed(name)))
            operator.delivered(name)
        shutil.copy(DEMO / f"{HEX8}_successor.pth", suite.models / "my_model.pth")
        (suite.folder / ".venv").symlink_to(sys.prefix)
        asyncio.run(garble(suite.nats.url))
        [letter] = operator.eventually(lambda: operator.get("gauntlet", "/v1/dead-letters")["items"])
        HTTP.post(f"{suite.addresses.url('distribution')}/v1/nodes", json={"name": "gone", "url": "http://127.0.0.1:9"})
        hosts = {
            f"localhost:{port}": name
            for port, name in ((8770, "promotion"), (8771, "gauntlet"), (8772, "distribution"))
        }
        hooks = f"{suite.addresses.url('promotion')}/v1/webhooks"
        webhook = HTTP.post(hooks, json={"url": "https://hooks.example/x"}).json()["id"]
        [newest, *_] = operator.get("gauntlet", "/v1/evaluations")["items"]
        stands_for = {host: suite.addresses.url(name).removeprefix("http://") for host, name in hosts.items()} | {
            "/ID/": f"/{newest['id']}/",
            **{f"{verb} ID": f"{verb} {newest['id']}" for verb in ("verify", "show", "watch", "games")},
            **{f"webhooks {verb} ID": f"webhooks {verb} {webhook}" for verb in ("replay", "rm")},
            "nodes/NAME": "nodes/gone",
            "node-4": "gone",
            "hex8_2p:7": "hex8_2p:2",
            "dead-letters/7": f"dead-letters/{letter['id']}",
            '"to_version": 6': '"to_version": 1',
        }
        yield Scene(operator, stands_for)


async def garble(nats_url: str) -> None:
    """Publish what nobody can read."""
    bus = Bus(nats_url, "test")
    try:
        client = await bus.connect()
        await client.jetstream().publish(f"ringrift.events.TRAINING_COMPLETED.{HEX8}", b"{")
    finally:
        await bus.close()
