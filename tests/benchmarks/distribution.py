"""How long a model takes to every node, over the least time that the links allow: by the swarm, and over HTTP from one service.

Real agents, each in a network namespace with a link of its own (netlab.py); the service is its own code without a database
(origin.py). The time runs from the first order until the last node has published its file. The bound counts payload: what headers
cost, about a twentieth, nobody can save.
"""

from __future__ import annotations

import json
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import psutil
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from rich.table import Table

from shared.storage.artifact_folder import ArtifactFolder
from shared.storage.artifacts import Artifact
from tests.benchmarks.netlab import Lab
from tests.kit.processes import environment

MB, HEX8 = 1 << 20, "hex8_2p"
KEYS = "bench:read:" + "0" * 64
PORT, AGENT_PORT = 8772, 8780
LOOK_SECONDS, LONGEST_SECONDS = 0.02, 900.0
SLOWER = 5


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


COURSES = (Course(8, 25.0, 32, 8), Course(16, 12.5, 32, 2), Course(32, 6.25, 16, 1))


class Figures(Table):
    """A table with a document of its own for `--json`."""

    document: dict[str, Any]


@dataclass
class Stand:
    """Agents and origin on their hosts; `folder` is seen by all of them."""

    lab: Lab
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
def standing(course: Course, transport: str) -> Iterator[Stand]:
    """Everything that is needed for a course, until the block ends."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ringrift-bench-")))
        lab = stack.enter_context(Lab(course.nodes + 1, course.mbit))
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


def _agent(lab: Lab, node: int, transport: str, public_key: str, folder: Path) -> subprocess.Popen[bytes]:
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


def distribution(quick: bool) -> Figures:
    """Eight, sixteen and thirty-two nodes; sixteen of which two are killed and one is slow; memory for a model of 2 GB."""
    table = Figures("what", "nodes", "Mbit/s", "MB", "bound s", "seconds", "over the bound", title="Distribution")
    table.document = {"ratio": {}, "http_ratio": {}, "faults": {}}
    for course in COURSES[:1] if quick else COURSES:
        every = range(1, course.nodes + 1)
        for transport, size in (("swarm", course.megabytes), ("http", course.http_megabytes)):
            with standing(course, transport) as stand:
                ratio = _row(table, transport, course, size, max(stand.arrivals(1, size, every).values()))
            table.document["ratio" if transport == "swarm" else "http_ratio"][str(course.nodes)] = ratio
    faulty = COURSES[0] if quick else COURSES[1]
    table.document["faults"] = _with_faults(table, faulty)
    table.document |= memory(table, 256 if quick else 2048)
    return table


def _row(table: Table, what: str, course: Course, size: int, seconds: float) -> float:
    bound = course.bound(size)
    ratio = round(seconds / bound, 2)
    cells = (what, course.nodes, course.mbit, size, f"{bound:.1f}", f"{seconds:.1f}", ratio)
    table.add_row(*map(str, cells))
    return ratio


def _with_faults(table: Table, course: Course) -> dict[str, float]:
    """Two nodes are killed a third of the way, and one has a fifth of the others' link from the beginning."""
    slow, killed = course.nodes, (1, 2)
    others = [node for node in range(3, course.nodes)]
    third = course.bound(course.megabytes) / 3
    with standing(course, "swarm") as stand:
        stand.lab.slow_down(slow, course.mbit / SLOWER)

        def kill(now: float) -> None:
            for node in killed if now > third else ():
                if stand.agents[node - 1].poll() is None:
                    stand.agents[node - 1].send_signal(signal.SIGKILL)

        found = stand.arrivals(1, course.megabytes, [*others, slow], kill)
    survivors = _row(
        table, "two of them killed, one slow: the others", course, course.megabytes, max(found[node] for node in others)
    )
    its_own = course._replace(mbit=course.mbit / SLOWER)
    return {
        "survivors_ratio": survivors,
        "slow_node_ratio": _row(table, "the slow one, by its own link", its_own, course.megabytes, found[slow]),
    }


def memory(table: Table, megabytes: int) -> dict[str, dict[str, int]]:
    """The most memory that origin and agents had for a large model, over fast links, and what they had before it."""
    course = Course(2, 4000.0, megabytes, 0)
    with standing(course, "swarm") as stand:
        origin, agents = psutil.Process(stand.origin.pid), [psutil.Process(each.pid) for each in stand.agents]
        before = {"service": _most(origin), "agent": max(map(_most, agents))}
        stand.arrivals(1, megabytes, (1, 2))
        found = {"service": _most(origin), "agent": max(map(_most, agents))}
    for name, value in found.items():
        table.add_row(
            f"memory of the {name}", "2", "", str(megabytes), "", "", f"{value} MB ({before[name]} before it)"
        )
    return {"memory_mb": found, "memory_before_mb": before}


def _most(process: psutil.Process) -> int:
    """Megabytes of memory that a process had at most."""
    said = Path(f"/proc/{process.pid}/status").read_text()
    return int(said.partition("VmHWM:")[2].split()[0]) // 1024
