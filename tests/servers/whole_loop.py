"""The suite's whole loop on an installation: a model is announced, played, judged, promoted and delivered to three nodes; then one
while the bus loses the stream's leader, one while the pooler is away, one while Postgres is; and one after a dump was restored.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from cli.checkpoint_file import write_checkpoint
from local.addresses import SERVICES, Addresses
from play.games.registry import get_game
from play.models.formats.checkpoint import checkpoint_bytes, load_checkpoint
from shared.storage.files import digest_of
from tests.kit.operator import DEMO, HEX8
from tests.servers.installed import PATIENCE_SECONDS, Installed
from tests.servers.page import command
from tests.servers.site import Site
from tests.servers.stream import Stream

DEMO_PARAMETERS = {"blocks": 4, "channels": 32}
Say = Callable[[str], None]
Disturbance = Callable[[], AbstractContextManager[None]]


def run(folder: Path, say: Say) -> None:
    """Everything once, in an empty folder that other users may enter; `say` is told of each step that held. AssertionError, or what
    else went wrong, ends it with every process stopped."""
    addresses = Addresses.free()
    site = Site(folder, {name: port for name, (_, port) in addresses.all.items()})
    with site.running():
        say("Postgres 15, PgBouncer, three NATS servers and nginx run, all with TLS by a private authority")
        installed = Installed(folder, site, addresses)
        say(f"migrated by the owner's role: {installed.migrate()}")
        with installed.running():
            held = "a role for each service, a key for each edge, secrets in files"
            say(f"three services and three agents are ready: {held}")
            Loop(installed, say).rounds()


class Loop:
    """One training after the other on running processes."""

    def __init__(self, installed: Installed, say: Say) -> None:
        self._installed, self._site, self._say = installed, installed.site, say
        self._stream = Stream(installed)

    def rounds(self) -> None:
        """Every training, and what has to be true at the end."""
        before = self._pids()
        self._round(1, "nothing is disturbed", nullcontext)
        self._round(2, "the stream's leader among the NATS servers is killed", self._without_leader)
        self._round(3, "PgBouncer is restarted", lambda: self._away(self._site.pooler))
        command("pg_dump", self._site.owner_url, self._installed.folder)
        self._round(4, "Postgres is restarted", lambda: self._away(self._site.postgres))
        assert self._pids() == before, "a process of the suite had to be started again"
        self._stream.whole()
        self._say("no process was started again, no event was left over, and the stream has three copies")
        self._restore()
        self._round(5, "after the restore", nullcontext, version=4)

    def _restore(self) -> None:
        """The dump that was made before the last version is restored, as docs/servers.md says."""
        installed = self._installed
        installed.stop(SERVICES)
        self._site.new_database()
        command("pg_restore", self._site.owner_url, installed.folder)
        installed.migrate()
        installed.start(SERVICES)
        self._wait(lambda: self._nodes_ahead() == len(installed.nodes))
        installed.says_restored()
        digest = digest_of(installed.models / "candidate-3.pth")
        self._promoted(3, digest)
        self._delivered(digest)
        self._wait(lambda: digest_of(installed.models / f"canonical_{HEX8}.pth") == digest)
        self._say("the dump was restored: version 3 is canonical, and on all nodes once that was said")

    def _nodes_ahead(self) -> int:
        status = self._installed.get("distribution", "/status")
        return int(status["ledger"]["nodes_ahead"]) if status else 0

    def _round(self, number: int, what: str, disturbance: Disturbance, version: int | None = None) -> None:
        """A new model, announced in the middle of the disturbance, ends on every node as that version, or as its own number."""
        path, started, told = self._candidate(number), time.monotonic(), self._stream.messages()
        with disturbance():
            words = [
                "announce",
                "--model",
                f"models/{path.name}",
                "--board-type",
                "hex8",
                "--num-players",
                "2",
                "--json",
            ]
            announcing = self._installed.command(*words)
        said, _ = announcing.communicate(timeout=PATIENCE_SECONDS)
        assert announcing.returncode == 0, said
        games = self._played(json.loads(said)["training_id"])
        self._promoted(version or number, digest := digest_of(path))
        self._delivered(digest)
        self._wait(lambda: self._stream.messages() > told and not self._stream.pending())
        seconds = time.monotonic() - started
        self._say(
            f"{what}: {games}; passed; version {version or number} on {', '.join(self._installed.nodes)} ({seconds:.0f} s)"
        )

    def _candidate(self, number: int) -> Path:
        """The demo's model with weights that are a little different each time: another digest, and as strong."""
        game = get_game("hex8", 2)
        network = load_checkpoint(DEMO / f"{HEX8}_trained.pth", game).network
        noise = torch.Generator().manual_seed(number)
        with torch.no_grad():
            for weights in network.parameters():
                weights.add_(torch.randn(weights.shape, generator=noise), alpha=1e-4)
        path = self._installed.models / f"candidate-{number}.pth"
        day = datetime(2026, 1, number, tzinfo=UTC)
        data = checkpoint_bytes(network, game, "resnet", DEMO_PARAMETERS, version=str(number), trained_at=day)
        write_checkpoint(path, data)
        return path

    def _played(self, training: str) -> str:
        """Wait until the evaluation is over; returns its games in words."""

        def ended() -> Any:
            found = self._installed.get("gauntlet", f"/v1/evaluations/{training}")
            return found if found and found["ended_at"] else None

        evaluation = self._wait(ended)
        assert evaluation["state"] == "completed", evaluation["failure_reason"]
        return ", ".join(
            f"{each['wins']}:{each['losses']} against {each['opponent']}" for each in evaluation["opponents"]
        )

    def _promoted(self, version: int, digest: str) -> None:
        def decided() -> Any:
            page = self._installed.get("promotion", "/v1/decisions", configuration=HEX8)
            return page and next((each for each in page["items"] if each["digest"] == digest), None)

        decision = self._wait(decided)
        assert decision["verdict"] == "passed", decision["reasons"]
        canonical = self._wait(lambda: self._installed.get("promotion", f"/v1/configurations/{HEX8}/canonical"))
        assert (canonical["version"], canonical["digest"]) == (version, digest), canonical

    def _delivered(self, digest: str) -> None:
        """Wait until every node says that it holds the model; then its file must be that model."""

        self._wait(lambda: all(each["digest"] == digest for each in self._nodes().values()))
        for node in self._installed.nodes:
            assert digest_of(self._installed.file_on(node, HEX8)) == digest, f"{node} holds another file"

    def _nodes(self) -> dict[str, Any]:
        """What each node says of itself; all of them, or a service that does not answer yet is asked again."""
        path = f"/v1/configurations/{HEX8}/availability"
        nodes = self._wait(lambda: self._installed.get("distribution", path))
        assert sorted(nodes) == sorted(self._installed.nodes)
        return dict(nodes)

    @contextmanager
    def _without_leader(self) -> Iterator[None]:
        """The server that leads the stream is killed; it comes back when the whole loop is over."""
        leader = self._site.nats.named(self._stream.leader())
        leader.process.kill()
        yield

    @contextmanager
    def _away(self, server: Any) -> Iterator[None]:
        """A server is stopped until a service says so, and started again while what is in the block is on its way."""
        server.stop()
        self._wait(lambda: self._installed.unready("gauntlet"))
        yield
        server.start()

    def _pids(self) -> dict[str, int | None]:
        return {name: process.pid for name, process in self._installed.processes.items()}

    def _wait(self, question: Callable[[], Any]) -> Any:
        return self._installed.wait(question)
