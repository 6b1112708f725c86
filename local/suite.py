"""The whole suite on this machine: NATS, Postgres, three services and three node agents, each a real process.

Everything lives in one folder. A process that dies is started again by `tend`. It knows addresses and environments, not what
the services do.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sys
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from alembic.util import CommandError
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from local.addresses import HANDOVER_SECONDS, SERVICES, Addresses, RememberedPorts
from local.keeper import Keeper, Say, Stage
from local.nats import Nats
from local.parts import Once, Served
from local.postgres import Postgres
from local.process import Process, StartFailed, failed_by
from shared.messaging.permissions import LOGINS, permissions
from shared.service.migrations import migrate, role_of

ROLES = tuple(map(role_of, SERVICES))
__all__ = ["SERVICES", "Addresses", "Suite"]


@dataclass
class Suite:
    """A running suite in `folder`; use as `with Suite(folder).running(say): ...`.

    Without `chosen` addresses, the runbook's are used, or others that stay the same at each start in this folder. `settings` are
    for every process, `own` for one alone, by its name. What is `elsewhere` somebody else starts, with its `environment`. Orders to
    the nodes are signed, with a key of each run's own.
    """

    folder: Path
    chosen: Addresses | None = None
    durable: bool = True
    settings: Mapping[str, str] = field(default_factory=dict)
    own: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    elsewhere: Collection[str] = ()
    processes: dict[str, Process] = field(default_factory=dict)
    _keeper: Keeper | None = None
    _was_killed: bool = False
    postgres: Postgres = field(init=False)
    nats: Nats = field(init=False)

    def __post_init__(self) -> None:
        self.folder = self.folder.resolve()
        self._order_key = Ed25519PrivateKey.generate()

    @property
    def addresses(self) -> Addresses:
        """Where everything listens; known from the start on."""
        assert self.chosen is not None, "the suite was never started"
        return self.chosen

    @property
    def models(self) -> Path:
        """The models folder: trained models, and the canonical files."""
        return self.folder / "models"

    @property
    def log(self) -> Path:
        """The log that every service and agent appends to."""
        return self.folder / "logs" / "coordination.log"

    @contextlib.contextmanager
    def running(
        self, tell: Say, say: Say | None = None, stopped: Callable[[float], bool] | None = None
    ) -> Iterator[None]:
        """Start everything, and stop it at the end of the block. StartFailed says what can never be started, and why.

        `tell` is told of progress and `say` of troubles. `stopped` waits for so many seconds at most, and answers whether to give
        up starting, which raises Stopped.
        """
        with self._locked():
            self._choose_ports(say or tell)
            self._keeper = keeper = Keeper(self._stages(), tell, say or tell)
            try:
                keeper.start(stopped or threading.Event().wait)
                yield
            finally:
                tell("stopping")
                keeper.stop()

    def tend(self) -> None:
        """Start again whatever has died or does not answer; to be called again and again. StartFailed if that can never go well."""
        assert self._keeper is not None, "the suite was never started"
        self._keeper.step()

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o711)
            for each in (self.models, self.log.parent):
                each.mkdir(exist_ok=True)
            lock = (self.folder / ".lock").open("a+")
        except OSError as error:
            raise failed_by(error, f"the folder {self.folder} cannot be used") from None
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise StartFailed(
                    f"another suite runs in {self.folder}; stop it, or give another folder with --data"
                ) from None
            lock.seek(0)
            self._was_killed = bool(lock.read())
            lock.write("running\n")
            lock.flush()
            try:
                yield
            finally:
                lock.truncate(0)

    def _choose_ports(self, say: Say) -> None:
        """The ports of everything, as in this folder before where that can be."""
        remembered = RememberedPorts(self.folder / "ports.json", say, HANDOVER_SECONDS if self._was_killed else 0)
        self.postgres = Postgres(
            self.folder / "postgres",
            port=remembered.port("Postgres"),
            durable=self.durable,
            roles=ROLES,
        )
        users = {login: permissions(login) for login in LOGINS}
        self.nats = Nats(self.folder / "nats", port=remembered.port("NATS"), durable=self.durable, users=users)
        self.chosen = self.chosen or remembered.addresses()
        remembered.keep()

    def _stages(self) -> list[Stage]:
        migration = Once("migrating the ledger", lambda: migrate(self.postgres.url()), (CommandError,))
        return [
            Stage("starting Postgres and NATS", lambda: [self.postgres, self.nats]),
            Stage("migrating the ledger", lambda: [migration]),
            Stage(
                "starting the services and the node agents",
                lambda: [self._served(name) for name in self.addresses.all if name not in self.elsewhere],
            ),
        ]

    def _served(self, name: str) -> Served:
        host, port = self.addresses.all[name]
        is_node = name in self.addresses.nodes
        module = "services.distribution.agent" if is_node else f"services.{name}"
        self.processes[name] = process = self._process(name, module, self.environment(name))
        return Served(process, host, port, "/health" if is_node else "/readyz")

    def unused(self) -> list[str]:
        """The settings that reach no process, because the suite decides them itself; known once it runs."""
        given = [self.environment(name) for name in self.addresses.all]
        return [name for name, value in self.settings.items() if all(each.get(name) != value for each in given)]

    def environment(self, name: str) -> dict[str, str]:
        """The settings of a process, as variables."""
        is_node = name in self.addresses.nodes
        environment = self._agent_environment(name) if is_node else self._service_environment(name)
        decided = {**environment, **self.own.get(name, {})}
        return {**_beside(self.settings, decided), **decided}

    def _process(self, name: str, module: str, environment: Mapping[str, str]) -> Process:
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("RINGRIFT_")}
        env = {**inherited, **environment, "PYTHONUNBUFFERED": "1"}
        return Process(name, [sys.executable, "-m", module], log=self.log, env=env, cwd=self.folder, grace=8)

    def _service_environment(self, name: str) -> dict[str, str]:
        _host, port = self.addresses.services[name]
        environment = {
            "DATABASE_URL": self.postgres.url(role=role_of(name)),
            "NATS_URL": self.nats.url_of(name),
            "ARTIFACTS_DIR": str(self.folder / "artifacts"),
            "MODELS_DIR": str(self.models),
            f"{name.upper()}_PORT": str(port),
            **{f"{each.upper()}_URL": self.addresses.url(each) for each in SERVICES},
        }
        if name == "gauntlet":
            environment["UPLOADS_DIR"] = str(self.folder / "uploads")
        if name == "distribution":
            environment["ORDER_KEY"] = self._order_key.private_bytes_raw().hex()
            environment["NODES"] = ",".join(f"{node}={self.addresses.url(node)}" for node in self.addresses.nodes)
        return {f"RINGRIFT_{key}": value for key, value in environment.items()}

    def _agent_environment(self, name: str) -> dict[str, str]:
        host, port = self.addresses.nodes[name]
        return {
            "RINGRIFT_HOST": host,
            "RINGRIFT_AGENT_PORT": str(port),
            "RINGRIFT_AGENT_NODE": name,
            "RINGRIFT_AGENT_TRANSPORT": "http",
            "RINGRIFT_AGENT_DIR": str(self.folder / "nodes" / name),
            "RINGRIFT_DISTRIBUTION_URL": self.addresses.url("distribution"),
            "RINGRIFT_ORDER_PUBLIC_KEY": self._order_key.public_key().public_bytes_raw().hex(),
        }


def _beside(settings: Mapping[str, str], decided: Mapping[str, str]) -> dict[str, str]:
    """The settings for every process, without those that say in another way what the suite decides itself: where its own servers
    are and how one logs in there, and files for values that it gives."""
    ours = ("RINGRIFT_DATABASE_", "RINGRIFT_NATS_")
    return {
        name: value
        for name, value in settings.items()
        if not name.startswith(ours) and name.removesuffix("_FILE") not in decided
    }
