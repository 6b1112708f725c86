"""The suite as it is installed on servers: three services and three agents, processes of their own that know each other by the
addresses of a proxy, each with the keys of its own edges and no others, secrets in files.
"""

from __future__ import annotations

import ssl
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import httpx
from ringrift_client import NotYetError, wait_until

from cli.commands.keys import ACCEPTED, compose_secrets
from local.addresses import SERVICES, Addresses
from local.nats import write_private
from local.process import Process
from shared.messaging.bus import Bus
from shared.messaging.nats_connection import NatsOptions
from shared.process.nats_settings import NatsSettings
from tests.kit.processes import ROOT, environment, suite_process
from tests.servers.site import Site

PATIENCE_SECONDS = 120.0
GATES = {
    "GAUNTLET_GAMES": "8",
    "PROMOTION_RANDOM_WIN_RATE": "0.6",
    "PROMOTION_HEURISTIC_WIN_RATE": "0.2",
    "PROMOTION_VS_PREVIOUS_WIN_RATE": "0.1",
}
COMMAND = [sys.executable, "-c", "from cli.main import app; app()"]


class Installed:
    """The processes on a site, in `folder`."""

    def __init__(self, folder: Path, site: Site, addresses: Addresses) -> None:
        self.folder, self.site, self._addresses = folder, site, addresses
        self.models, self._made = folder / "models", compose_secrets()
        for each in (self.models, folder / "logs", folder / "secrets"):
            each.mkdir()
        self.processes = {name: self._process(name) for name in addresses.all}

    @property
    def nodes(self) -> Sequence[str]:
        """The nodes' names."""
        return list(self._addresses.nodes)

    def file_on(self, node: str, configuration: str) -> Path:
        """Where a node keeps its canonical model."""
        return self.folder / node / "models" / f"canonical_{configuration}.pth"

    @contextmanager
    def running(self) -> Iterator[None]:
        """Every process started and ready, as the proxy sees it; ended with the block."""
        with ExitStack() as stack:
            for process in self.processes.values():
                stack.callback(process.stop)
            self.start(self.processes)
            yield

    def start(self, names: Iterable[str]) -> None:
        """Start some processes; returns when they are ready."""
        for name in names:
            self.processes[name].start()
        for name in names:
            self.processes[name].wait_until(partial(self.unready, name))

    def stop(self, names: Iterable[str]) -> None:
        """End some processes."""
        for name in names:
            self.processes[name].stop()

    def unready(self, name: str) -> str | None:
        """What a process lacks to be ready, asked through the proxy; None for nothing."""
        try:
            answer = self.client.get(self.url(name) + ("/readyz" if name in SERVICES else "/health"))
        except httpx.HTTPError as error:
            return str(error)
        return None if answer.is_success else answer.text

    def get(self, service: str, path: str, **params: Any) -> Any:
        """What a service answers the operator, through the proxy; None while it answers an error, or not at all."""
        key = {"Authorization": f"Bearer {self._key('operator', service)}"}
        try:
            answer = self.client.get(self.url(service) + path, params=params, headers=key)
        except httpx.HTTPError:
            return None
        return answer.json() if answer.is_success else None

    def command(self, *words: str, **settings: str) -> subprocess.Popen[str]:
        """A `ringrift` command of an operator, on its way. `settings`: of its shell, without RINGRIFT_."""
        shell = {"HTTP_CA": str(self.site.authority), "GAUNTLET_URL": self.url("gauntlet")}
        shell |= self._secrets("operator", {"GAUNTLET_KEY": self._key("operator", "gauntlet")}) | settings
        env = {**environment(shell), "PYTHONPATH": f"{ROOT}:{ROOT / 'client'}"}
        pipe = subprocess.PIPE
        return subprocess.Popen(
            [*COMMAND, *words], env=env, cwd=self.folder, stdout=pipe, stderr=subprocess.STDOUT, text=True
        )

    def migrate(self) -> str:
        """`ringrift migrate` by the role that may; returns what it says."""
        url = self._secrets("migration", {"DATABASE_URL": self.site.owner_url})
        with self.command("migrate", **url) as command:
            said, _ = command.communicate(timeout=120)
            assert command.returncode == 0, said
            return said.strip()

    def says_restored(self) -> None:
        """`ringrift ledger restored`, by an operator whose key may."""
        key = self._secrets("operator", {"PROMOTION_KEY": self._key("operator", "promotion")})
        words = ("ledger", "restored", "--reason", "the dump was restored", "--yes")
        with self.command(*words, PROMOTION_URL=self.url("promotion"), **key) as command:
            said, _ = command.communicate(timeout=120)
            assert command.returncode == 0, said

    def bus(self) -> Bus:
        """A connection to the bus with the login of whoever looks after it."""
        login = {"nats_user": "operator", "nats_password": self.site.nats_password, "nats_ca": self.site.authority}
        return Bus(NatsOptions.of(NatsSettings.model_validate({"nats_url": self.site.nats.url, **login})), "operator")

    def wait(self, question: Callable[[], Any]) -> Any:
        """The first true answer, asked for four times a second; NotYetError with the end of each process's log if there is none."""
        try:
            return wait_until(lambda: (question() or None, "it did not come to that"), PATIENCE_SECONDS)
        except NotYetError as missing:
            said = "\n".join(process.log_tail() for process in self.processes.values())
            raise NotYetError(f"{missing} in {PATIENCE_SECONDS:g} s\n{said}") from None

    def url(self, name: str) -> str:
        """Where the proxy shows a process."""
        return self.site.nginx.url(name)

    @cached_property
    def client(self) -> httpx.Client:
        """Trusts the site's authority and nobody else."""
        return httpx.Client(verify=ssl.create_default_context(cafile=self.site.authority), trust_env=False, timeout=15)

    def _process(self, name: str) -> Process:
        is_node = name in self._addresses.nodes
        settings = self._everywhere(name) | (self._agent(name) if is_node else self._service(name))
        module = "services.distribution.agent" if is_node else f"services.{name}"
        return suite_process(name, module, settings, self.folder / "logs")

    def _everywhere(self, name: str) -> dict[str, str]:
        called = ("distribution",) if name in self._addresses.nodes else SERVICES
        urls = {f"{each.upper()}_URL": self.url(each) for each in called}
        keys = {f"{each.upper()}_KEY": self._key(name, each) for each in called if name in ACCEPTED[each]}
        behind = {"ROOT_PATH": f"/ringrift/{name}", "TRUSTED_PROXIES": "127.0.0.1"}
        return {**urls, **self._secrets(name, keys), **behind, "HTTP_CA": str(self.site.authority)}

    def _agent(self, name: str) -> dict[str, str]:
        return {
            "AGENT_NODE": name,
            "AGENT_PORT": str(self._addresses.nodes[name][1]),
            "AGENT_DIR": str(self.folder / name),
            "ORDER_PUBLIC_KEY": self._made["ORDER_PUBLIC_KEY"],
        }

    def _service(self, name: str) -> dict[str, str]:
        hidden = {
            "DATABASE_URL": self.site.url_of(name),
            "NATS_PASSWORD": self.site.nats_password,
            "API_KEYS": self._made[f"{name.upper()}_API_KEYS"],
        }
        plain = {
            "NATS_URL": self.site.nats.url,
            "NATS_USER": name,
            "NATS_CA": str(self.site.authority),
            "NATS_REPLICAS": "3",
            "ARTIFACTS_DIR": str(self.folder / "artifacts"),
            "MODELS_DIR": str(self.models),
            f"{name.upper()}_PORT": str(self._addresses.services[name][1]),
        }
        if name == "promotion":
            plain |= GATES
        if name == "distribution":
            hidden["ORDER_KEY"] = self._made["ORDER_KEY"]
            plain["NODES"] = ",".join(f"{node}={self.url(node)}" for node in self._addresses.nodes)
        return plain | self._secrets(name, hidden)

    def _secrets(self, holder: str, values: Mapping[str, str]) -> dict[str, str]:
        """The settings that name the files in which somebody's secrets stand."""
        files = {name: self.folder / "secrets" / f"{holder}-{name.lower()}" for name in values}
        for name, path in files.items():
            write_private(path, values[name] + "\n")
        return {f"{name}_FILE": str(path) for name, path in files.items()}

    def _key(self, caller: str, service: str) -> str:
        return self._made[f"{caller.upper().replace('-', '_')}_{service.upper()}_KEY"]
