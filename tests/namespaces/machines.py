"""The suite on eight machines: which process runs where, with which settings, keys and folder of its own."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
from moto.server import ThreadedMotoServer
from ringrift_client import wait_until

from cli.commands.keys import compose_secrets
from local.addresses import RUNBOOK, RUNBOOK_AGENT, SERVICES
from local.nats import Nats
from local.postgres import Postgres
from local.process import Process
from shared.messaging.permissions import LOGINS, permissions
from shared.service.migrations import migrate, role_of
from tests.benchmarks.netlab import Lab
from tests.kit.buckets import CREDENTIALS, new_bucket
from tests.kit.http_client import HTTP
from tests.kit.narrow import Narrow
from tests.kit.processes import ROOT, environment

NODES = ("node-1", "node-2", "node-3")
HOSTS = ("ground", "gauntlet", "promotion", "distribution", "trainer", *NODES)
MBIT, PATIENCE_SECONDS, WIDE = 1000.0, 900.0, 1e12
GATES = {
    "GAUNTLET_GAMES": "8", "PROMOTION_RANDOM_WIN_RATE": "0.6", "PROMOTION_HEURISTIC_WIN_RATE": "0.2",
    "PROMOTION_VS_PREVIOUS_WIN_RATE": "0.1",
}  # fmt: skip


class Machines:
    """Made in `folder`, where each machine has a folder that no other is told of."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._made, self._lab = folder, compose_secrets(), Lab(len(HOSTS), MBIT)
        self.postgres = Postgres(folder / "ground" / "postgres", durable=False, roles=tuple(map(role_of, SERVICES)))
        users = {login: permissions(login) for login in LOGINS}
        self.nats = Nats(folder / "ground" / "nats", durable=False, users=users)
        self.processes: dict[str, Process] = {}
        self._s3 = self._bucket = ""

    def address(self, host: str) -> str:
        """Where a machine is in their network."""
        return self._lab.address(HOSTS.index(host))

    def url(self, name: str) -> str:
        """Where a process answers."""
        return f"http://{self.address(name)}:{RUNBOOK.get(name, RUNBOOK_AGENT)}"

    def key(self, caller: str, service: str) -> str:
        """What a caller presents to a service."""
        return self._made[f"{caller.upper().replace('-', '_')}_{service.upper()}_KEY"]

    @contextmanager
    def running(self) -> Iterator[None]:
        """Everything started and ready, until the block ends."""
        with ExitStack() as stack:
            self._start_ground(stack)
            for name in (*SERVICES, *NODES):
                self.processes[name] = process = self._process(name)
                stack.callback(process.stop)
                process.start()
            for name, process in self.processes.items():
                process.wait_for_http(
                    f"{self.url(name)}{'/readyz' if name in SERVICES else '/health'}", PATIENCE_SECONDS
                )
            yield

    def _start_ground(self, stack: ExitStack) -> None:
        (self.folder / "ground").mkdir(mode=0o711)
        for server in (self.postgres, self.nats):
            server.start(PATIENCE_SECONDS)
            stack.callback(server.stop)
            # the servers listen on this machine alone
            way = Narrow([server.port], WIDE, (self.address("ground"), server.port))
            stack.enter_context(way.open())
        migrate(self.postgres.url())
        s3 = ThreadedMotoServer(ip_address=self.address("ground"), port=0, verbose=False)
        s3.start()
        stack.callback(s3.stop)
        host, port = s3.get_host_and_port()
        self._s3 = f"http://{host}:{port}"
        self._bucket = new_bucket(self._s3)

    def get(self, service: str, path: str, **params: Any) -> Any:
        """What a service answers the operator; None while it answers an error, or not at all."""
        headers = {"Authorization": f"Bearer {self.key('operator', service)}"}
        try:
            answer = HTTP.get(self.url(service) + path, params=params, headers=headers)
        except httpx.HTTPError:
            return None
        return answer.json() if answer.is_success else None

    def wait(self, question: Any) -> Any:
        """The first true answer; NotYetError if there is none in time."""
        return wait_until(lambda: (question() or None, "it did not come to that"), PATIENCE_SECONDS)

    def trainer(self, *words: str) -> list[str]:
        """A `ringrift` command on the trainer's machine."""
        return self._lab.command(
            HOSTS.index("trainer"), sys.executable, "-c", "from cli.main import app; app()", *words
        )

    def trainers(self) -> dict[str, str]:
        """The trainer's environment."""
        settings = {"GAUNTLET_URL": self.url("gauntlet"), "GAUNTLET_KEY": self.key("trainer", "gauntlet")}
        return {**environment(settings), "PYTHONPATH": f"{ROOT}:{ROOT / 'client'}"}

    def _process(self, name: str) -> Process:
        own = self.folder / name
        own.mkdir()
        module = "services.distribution.agent" if name in NODES else f"services.{name}"
        settings = {
            "HOST": self.address(name),
            **(self._agent(name, own) if name in NODES else self._service(name, own)),
        }
        env = {**environment(settings), "PYTHONPATH": f"{ROOT}:{ROOT / 'client'}", "PYTHONUNBUFFERED": "1"}
        # nodes have no credentials for the bucket
        env |= CREDENTIALS | {"AWS_REGION": "us-east-1"} if name in SERVICES else {}
        command = self._lab.command(HOSTS.index(name), sys.executable, "-m", module)
        return Process(name, command, log=own / "output.log", env=env, cwd=own, grace=8)

    def _service(self, name: str, own: Path) -> Mapping[str, str]:
        of_edges = {f"{each.upper()}_URL": self.url(each) for each in SERVICES}
        keys = {f"{each.upper()}_KEY": self._made.get(f"{name.upper()}_{each.upper()}_KEY", "") for each in SERVICES}
        settings = {
            **of_edges, **{key: value for key, value in keys.items() if value},
            "DATABASE_URL": self._on_ground(self.postgres.url(role=role_of(name))),
            "NATS_URL": self._on_ground(self.nats.url_of(name)),
            "API_KEYS": self._made[f"{name.upper()}_API_KEYS"], "MODELS_DIR": str(own / "models"),
            "ARTIFACTS_URL": f"s3://{self._bucket}/suite", "ARTIFACTS_ENDPOINT": self._s3,
            "ARTIFACTS_CACHE_DIR": str(own / "cache"), "FEED_SECONDS": "1",
        }  # fmt: skip
        if name == "gauntlet":
            settings["UPLOADS_DIR"] = str(own / "uploads")
        if name == "distribution":
            nodes = ",".join(f"{node}={self.url(node)}" for node in NODES)
            settings |= {"ORDER_KEY": self._made["ORDER_KEY"], "NODES": nodes, "ARTIFACTS_PRESIGNED": "true"}
            settings |= {"DISTRIBUTION_TRANSPORT": "http", "NODE_NETWORKS": "198.18.0.0/16"}
        return settings | GATES if name == "promotion" else settings

    def _agent(self, name: str, own: Path) -> Mapping[str, str]:
        return {
            "AGENT_NODE": name, "AGENT_DIR": str(own / "disk"), "DISTRIBUTION_URL": self.url("distribution"),
            "DISTRIBUTION_KEY": self.key(name, "distribution"), "ORDER_PUBLIC_KEY": self._made["ORDER_PUBLIC_KEY"],
            "AGENT_SOURCES": self._s3, "AGENT_TRANSPORT": "http",
        }  # fmt: skip

    def _on_ground(self, url: str) -> str:
        return url.replace("127.0.0.1", self.address("ground"))
