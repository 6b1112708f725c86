"""Real agents and the service's own code without its database (origin.py), each on a host of its own, for benchmarks."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from shared.storage.artifact_folder import ArtifactFolder
from shared.storage.artifacts import Artifact
from tests.benchmarks.netlab import Lab
from tests.kit.processes import environment

MB, HEX8 = 1 << 20, "hex8_2p"
KEYS = "bench:read:" + "0" * 64
PORT, AGENT_PORT = 8772, 8780
LOOK_SECONDS, LONGEST_SECONDS = 0.02, 900.0


class Course(NamedTuple):
    """How many nodes, what each link has, and how large the models are, by the swarm and over HTTP."""

    nodes: int
    mbit: float
    megabytes: int
    http_megabytes: int

    def bound(self, megabytes: int) -> float:
        """Seconds that the links need in any case."""
        link = self.mbit / 8 * 1e6
        size = megabytes * MB
        return max(size / link, self.nodes * size / (link + self.nodes * link))


class Hosts(Protocol):
    """Where programs run, of which the first is number 0."""

    def address(self, host: int) -> str: ...
    def command(self, host: int, *command: str) -> list[str]: ...


@dataclass
class Stand:
    """Agents and origin on their hosts; `folder` is seen by all of them."""

    lab: Hosts
    folder: Path
    agents: list[subprocess.Popen[bytes]]
    origin: subprocess.Popen[str]

    def order(self, version: int, megabytes: int) -> tuple[float, Artifact]:
        """Take in a new model and order every node to hold it; returns the time and the model."""
        path = self.folder / "model.pth"
        with path.open("wb") as stream:
            stream.writelines(secrets.token_bytes(MB) for _ in range(megabytes))
        artifact = ArtifactFolder(self.folder / "artifacts").take_in(path)
        path.unlink()
        head = {"configuration": HEX8, "version": version, "digest": artifact.digest, "size": artifact.size}
        assert self.origin.stdin is not None
        began = time.monotonic()
        self.origin.stdin.write(json.dumps(head) + "\n")
        self.origin.stdin.flush()
        return began, artifact

    def arrivals(
        self, version: int, megabytes: int, nodes: Collection[int], meanwhile: Callable[[float], None] = lambda _: None
    ) -> dict[int, float]:
        """After how many seconds each of those nodes had published the model."""
        began, artifact = self.order(version, megabytes)
        found: dict[int, float] = {}
        while len(found) < len(nodes):
            now = time.monotonic() - began
            if now > LONGEST_SECONDS:
                raise TimeoutError(f"after {now:.0f} s only {len(found)} of {len(nodes)} nodes have the model")
            meanwhile(now)
            for node in set(nodes) - found.keys():
                state = self.folder / f"node-{node}" / "state" / f"{HEX8}.json"
                if state.exists() and artifact.digest in state.read_text():
                    found[node] = now
            time.sleep(LOOK_SECONDS)
        return found


@contextmanager
def standing(course: Course, transport: str, hosts: Hosts | None = None) -> Iterator[Stand]:
    """Everything that is needed for a course, until the block ends. `hosts`: where, in namespaces with links if not given."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ringrift-bench-")))
        lab = hosts or stack.enter_context(Lab(course.nodes + 1, course.mbit))
        key = Ed25519PrivateKey.generate()
        private = key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()).hex()
        public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
        agents = [
            stack.enter_context(_ending(_agent(lab, node, transport, public, folder)))
            for node in range(1, course.nodes + 1)
        ]
        spec = {
            "host": lab.address(0), "port": PORT, "transport": transport, "artifacts": str(folder / "artifacts"), "key": private,
            "nodes": {f"node-{node}": f"http://{lab.address(node)}:{AGENT_PORT}" for node in range(1, course.nodes + 1)},
        }  # fmt: skip
        command = lab.command(0, sys.executable, "-m", "tests.benchmarks.origin", json.dumps(spec))
        with (folder / "origin.log").open("wb") as log:
            origin = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, env=environment({}),
                start_new_session=True,
            )  # fmt: skip
        stack.enter_context(_ending(origin))
        assert origin.stdout is not None
        if origin.stdout.readline() != "ready\n":
            raise RuntimeError((folder / "origin.log").read_text()[-2000:])
        yield Stand(lab, folder, agents, origin)


def _agent(lab: Hosts, node: int, transport: str, public_key: str, folder: Path) -> subprocess.Popen[bytes]:
    settings = {
        "HOST": lab.address(node), "AGENT_NODE": f"node-{node}", "AGENT_PORT": str(AGENT_PORT), "API_KEYS": KEYS,
        "AGENT_DIR": str(folder / f"node-{node}"), "AGENT_TRANSPORT": transport, "ORDER_PUBLIC_KEY": public_key,
        "DISTRIBUTION_URL": f"http://{lab.address(0)}:{PORT}", "AGENT_STALL_SECONDS": "60",
    }  # fmt: skip
    command = lab.command(node, sys.executable, "-m", "services.distribution.agent")
    with (folder / f"node-{node}.log").open("wb") as log:
        return subprocess.Popen(command, stdout=log, stderr=log, env=environment(settings), start_new_session=True)


@contextmanager
def _ending(process: subprocess.Popen[Any]) -> Iterator[Any]:
    try:
        yield process
    finally:
        process.kill()
        process.wait()
