"""The whole suite on this machine: NATS, Postgres, three services and three node agents, each a real process.

Everything lives in one folder. A process that dies is started again by `tend`. It knows addresses and environments, not what
the services do.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from local.nats import Nats
from local.ports import free_ports
from local.postgres import Postgres
from local.process import Process, StartFailed
from shared.service.migrations import migrate

SERVICES = ("promotion", "gauntlet", "distribution")
Say = Callable[[str], None]


@dataclass(frozen=True)
class Addresses:
    """Where everything listens: host and port of each service and of each node's agent, by name."""

    services: Mapping[str, tuple[str, int]]
    nodes: Mapping[str, tuple[str, int]]

    @classmethod
    def free(cls, nodes: int = 3) -> Addresses:
        """Free ports on loopback."""
        ports = free_ports(len(SERVICES) + nodes)
        services = {name: ("127.0.0.1", port) for name, port in zip(SERVICES, ports, strict=False)}
        return cls(services, {f"node-{i + 1}": ("127.0.0.1", port) for i, port in enumerate(ports[len(SERVICES) :])})

    @classmethod
    def runbook(cls, nodes: int = 3) -> Addresses:
        """The runbook's ports: services on 8770 to 8772, every node's agent on port 8780 of a loopback address of its own."""
        services = {
            "promotion": ("127.0.0.1", 8770),
            "gauntlet": ("127.0.0.1", 8771),
            "distribution": ("127.0.0.1", 8772),
        }
        return cls(services, {f"node-{i}": (f"127.0.0.{i}", 8780) for i in range(1, nodes + 1)})

    def url(self, name: str) -> str:
        """The address of a service or node."""
        host, port = {**self.services, **self.nodes}[name]
        return f"http://{host}:{port}"


@dataclass
class Suite:
    """A running suite in `folder`; use as `with Suite(folder, addresses).running(say): ...`."""

    folder: Path
    addresses: Addresses
    durable: bool = True
    settings: Mapping[str, str] = field(default_factory=dict)
    processes: dict[str, Process] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.postgres = Postgres(self.folder / "postgres", durable=self.durable)
        self.nats = Nats(self.folder / "nats", durable=self.durable)

    @property
    def models(self) -> Path:
        """The models folder: trained models, and the canonical files."""
        return self.folder / "models"

    @property
    def log(self) -> Path:
        """The log that every service and agent appends to."""
        return self.folder / "logs" / "coordination.log"

    @contextlib.contextmanager
    def running(self, say: Say) -> Iterator[None]:
        """Start everything, and stop it at the end of the block. StartFailed says what could not be started, and why."""
        with self._locked(), contextlib.ExitStack() as stack:
            say("starting Postgres and NATS")
            stack.enter_context(self.postgres)
            stack.enter_context(self.nats)
            say("migrating the ledger")
            migrate(self.postgres.url())
            say("starting the services and the node agents")
            self._make_processes()
            for process in self.processes.values():
                stack.enter_context(process)
            for name, process in self.processes.items():
                process.wait_for_http(
                    self.addresses.url(name) + ("/health" if name in self.addresses.nodes else "/readyz")
                )
            yield
            say("stopping")

    def tend(self) -> list[str]:
        """Start again whatever has died; returns the names."""
        everything: dict[str, Postgres | Nats | Process] = {
            "Postgres": self.postgres,
            "NATS": self.nats,
            **self.processes,
        }
        dead = [name for name, process in everything.items() if process.pid is None]
        for name in dead:
            everything[name].start()
        return dead

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o711)
        for each in (self.models, self.log.parent):
            each.mkdir(exist_ok=True)
        with (self.folder / ".lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise StartFailed(
                    f"another suite runs in {self.folder}; stop it, or give another folder with --data"
                ) from None
            yield

    def _make_processes(self) -> None:
        for name in SERVICES:
            self.processes[name] = self._process(name, f"services.{name}", self._service_environment(name))
        for name in self.addresses.nodes:
            self.processes[name] = self._process(name, "services.distribution.agent", self._agent_environment(name))

    def _process(self, name: str, module: str, environment: Mapping[str, str]) -> Process:
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("RINGRIFT_")}
        env = {**inherited, **self.settings, **environment, "PYTHONUNBUFFERED": "1"}
        return Process(name, [sys.executable, "-m", module], log=self.log, env=env, cwd=self.folder, grace=8)

    def _service_environment(self, name: str) -> dict[str, str]:
        _host, port = self.addresses.services[name]
        environment = {
            "DATABASE_URL": self.postgres.url(),
            "NATS_URL": self.nats.url,
            "ARTIFACTS_DIR": str(self.folder / "artifacts"),
            "MODELS_DIR": str(self.models),
            f"{name.upper()}_PORT": str(port),
            **{f"{each.upper()}_URL": self.addresses.url(each) for each in SERVICES},
        }
        if name == "distribution":
            environment["NODES"] = ",".join(f"{node}={self.addresses.url(node)}" for node in self.addresses.nodes)
        return {f"RINGRIFT_{key}": value for key, value in environment.items()}

    def _agent_environment(self, name: str) -> dict[str, str]:
        host, port = self.addresses.nodes[name]
        return {
            "RINGRIFT_HOST": host,
            "RINGRIFT_AGENT_PORT": str(port),
            "RINGRIFT_AGENT_NODE": name,
            "RINGRIFT_AGENT_DIR": str(self.folder / "nodes" / name),
            "RINGRIFT_DISTRIBUTION_URL": self.addresses.url("distribution"),
        }
