"""Where everything of a suite listens, remembered in its folder, so that it stays the same from one start to the next."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from local.ports import HOST, free_port, free_ports, is_free

SERVICES = ("promotion", "gauntlet", "distribution")
RUNBOOK = {"promotion": 8770, "gauntlet": 8771, "distribution": 8772}
RUNBOOK_AGENT = 8780
HANDOVER_SECONDS = 10.0
"""How long processes of a supervisor that was just killed may hold their ports."""
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
        services = {name: (HOST, port) for name, port in zip(SERVICES, ports, strict=False)}
        return cls(services, {f"node-{i + 1}": (HOST, port) for i, port in enumerate(ports[len(SERVICES) :])})

    @classmethod
    def runbook(cls, nodes: int = 3) -> Addresses:
        """The runbook's ports: services on 8770 to 8772, every node's agent on port 8780 of a loopback address of its own."""
        services = {name: (HOST, port) for name, port in RUNBOOK.items()}
        return cls(services, {f"node-{i}": (f"127.0.0.{i}", RUNBOOK_AGENT) for i in range(1, nodes + 1)})

    @property
    def all(self) -> Mapping[str, tuple[str, int]]:
        """Every service and node."""
        return {**self.services, **self.nodes}

    def url(self, name: str) -> str:
        """The address of a service or node."""
        host, port = self.all[name]
        return f"http://{host}:{port}"


@dataclass
class RememberedPorts:
    """The ports that a suite used in a folder before. `say`: told of each that another program has now. `wait`: for how many
    seconds they may still come free."""

    file: Path
    say: Say
    wait: float = 0.0
    _ports: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        self._ports = _read(self.file)
        self._deadline = time.monotonic() + self.wait

    def port(self, name: str) -> int:
        """The port of `name`: as before, unless another program has it now."""
        before = self._ports.get(name)
        if before is None or not self._comes_free(before):
            self._ports[name] = free_port()
            if before is not None:
                self.say(f"Port {before}, which {name} had before, is taken; it has {self._ports[name]} from now on.")
        return self._ports[name]

    def addresses(self, nodes: int = 3) -> Addresses:
        """The runbook's, if all of them can be had; else those that were used instead before."""
        runbook = Addresses.runbook(nodes)
        taken = [f"{host}:{port}" for host, port in runbook.all.values() if not self._comes_free(port, host)]
        if not taken:
            return runbook
        services = {name: (HOST, self.port(name)) for name in runbook.services}
        addresses = Addresses(services, {name: (HOST, self.port(name)) for name in runbook.nodes})
        self.say(f"Of the runbook's ports {', '.join(taken)} cannot be had; the suite uses others.")
        return addresses

    def keep(self) -> None:
        """Remember what was chosen."""
        self.file.write_text(json.dumps(self._ports, indent=2) + "\n")

    def _comes_free(self, port: int, host: str = HOST) -> bool:
        """Whether a port is free, or becomes so while an earlier suite of this folder may still be ending."""
        while not (free := is_free(port, host)) and time.monotonic() < self._deadline:
            time.sleep(0.05)
        return free


def _read(file: Path) -> dict[str, int]:
    """What was remembered; nothing if that cannot be read as such."""
    try:
        found = json.loads(file.read_text())
        return {str(name): int(port) for name, port in found.items() if 0 < int(port) < 65536}
    except (FileNotFoundError, ValueError, TypeError, AttributeError):
        return {}
