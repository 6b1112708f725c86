"""The operator's desk: a whole suite, its folder, and a shell in which the runbook's blocks are typed as they are printed."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import psutil
from ringrift_client import Trainings
from typer.testing import CliRunner

from cli.main import app
from cli.runbook_folder import PROJECT, link_doors, shell_lines
from local.addresses import RUNBOOK_AGENT, Addresses
from local.process import Process
from local.suite import SERVICES, Suite
from tests.contract.blocks import Block, blocks
from tests.kit.http_client import HTTP
from tests.kit.operator import DEMO, HEX8, Operator
from tests.kit.processes import environment
from tests.kit.waiting import until

PAGE = PROJECT / "docs" / "runbook.md"
NODES = ("node-1", "node-2")
SETTINGS = {
    "RINGRIFT_FEED_SECONDS": "0.2", "RINGRIFT_RECONCILE_SECONDS": "0.2", "RINGRIFT_GAUNTLET_ATTEMPTS": "1",
    "RINGRIFT_DISTRIBUTION_TIMEOUT": "2",
}  # fmt: skip
STEP_SECONDS = 240


class Row(NamedTuple):
    """A step that was run, and what was seen."""

    block: str
    step: str
    seconds: float
    seen: str


@dataclass
class Desk:
    """`left`: the blocks of the page that were not run yet, in their order."""

    operator: Operator
    left: list[Block]
    rows: list[Row] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        """The folder that `up` names."""
        return self.operator.suite.folder

    def has(self, model: str, name: str = "my_model") -> None:
        """Put a demo model into the models folder."""
        shutil.copy(DEMO / f"{HEX8}_{model}.pth", self.folder / "models" / f"{name}.pth")

    def opens(self, heading: str) -> Block:
        """The next block of the page, which has to be the one under this heading."""
        block = self.left.pop(0)
        assert block.heading == heading, f"the next block is {block.name}"
        return block

    def runs(self, block: Block, step: int, see: str, code: int = 0) -> str:
        """Type one step of a block as it is printed; returns its output, in which `see` has to stand."""
        typed, started = block.steps[step], time.monotonic()
        said = self.types(typed.text, code) if block.language == "bash" else self.programs(typed.text)
        assert see in said, f"{see!r} is not in:\n{said}"
        self.rows.append(Row(block.name, typed.title, time.monotonic() - started, see))
        return said

    def repeats(self, block: Block, step: int, see: str) -> str:
        """The same for a step that only looks, typed until it shows that."""
        typed, started = block.steps[step], time.monotonic()
        said: str = self.waits_for(lambda: shown if see in (shown := self.types(typed.text)) else "")
        self.rows.append(Row(block.name, typed.title, time.monotonic() - started, see))
        return said

    def types(self, command: str, code: int = 0, **variables: str) -> str:
        """What a command prints in the shell that `up` describes."""
        suite = self.operator.suite
        lines = "\n".join(shell_lines(suite.folder, suite.addresses, suite.settings))
        ended = subprocess.run(
            ["bash", "-c", f"{lines}\n{command}"], cwd="/", env=environment({}) | variables, capture_output=True,
            text=True, timeout=STEP_SECONDS,
        )  # fmt: skip
        assert ended.returncode == code, f"exit code {ended.returncode}\n{ended.stdout}{ended.stderr}"
        return ended.stdout + ended.stderr

    def programs(self, text: str) -> str:
        """What a program prints, typed after `python -c` in that shell."""
        return self.types('python -c "$PROGRAM"', PROGRAM=text)

    def get(self, path: str) -> Any:
        """The JSON of a GET at the front door."""
        return self.operator.get("promotion", path)

    def event(self, kind: str, seen: str = "") -> Any:
        """The newest event of a kind that the front door shows, with these words in its detail; None if there is none."""
        events = (self.get("/status") or {}).get("recent_events", ())
        return next((each for each in events if each["type"] == kind and seen in str(each["detail"])), None)

    def waits_for(self, question: Callable[[], Any]) -> Any:
        """The first true answer; a test fails, with the end of the log, if there is none in time."""
        return until(question, 40, lambda: self.operator.suite.log.read_text()[-3000:])

    def announces(self, model: str) -> None:
        """Announce models/MODEL.pth as a trainer does, and wait until the gauntlet has kept it."""
        data = {"board_type": "hex8", "num_players": 2, "model_path": f"models/{model}.pth"}
        with Trainings(self.operator.suite.addresses.url("gauntlet")) as trainings:
            trainings.announce(data, "/tests")

    def diagnosed(self) -> str:
        """What `ringrift doctor` finds to be wrong, a line for each finding, with its evidence."""
        urls = {f"RINGRIFT_{name.upper()}_URL": self.operator.suite.addresses.url(name) for name in SERVICES}
        done = CliRunner().invoke(app, ["doctor", "--json"], env=urls)
        found = json.loads(done.stdout)
        assert done.exit_code == (1 if found["troubles"] else 0)
        return "\n".join(f"{each['level']} {each['text']}: {each['evidence']}" for each in found["findings"])

    def worker(self) -> psutil.Process | None:
        """The process of the gauntlet that plays, once there is one."""
        gauntlet = psutil.Process(self.operator.suite.processes["gauntlet"].pid)
        return next((each for each in gauntlet.children() if "services.gauntlet.worker" in each.cmdline()), None)

    def restart(self, name: str) -> None:
        """Kill a process and start it again."""
        self.operator.kill(name)
        self.operator.start(name)

    @contextmanager
    def full_disk(self, node: str) -> Iterator[None]:
        """A further node whose disk is smaller than what is asked of any, while the block lasts."""
        host, suite = f"127.{random.randint(1, 254)}.{random.randint(1, 254)}.9", self.operator.suite
        disk = self.folder / "nodes" / node
        disk.mkdir(parents=True)
        mounted = f'mount -t tmpfs -o size=8m tmpfs {disk} && exec "$@"'
        command = [
            shutil.which("unshare") or "",
            "-rm",
            "bash",
            "-c",
            mounted,
            "bash",
            sys.executable,
            "-m",
            "services.distribution.agent",
        ]
        settings = {
            "HOST": host, "AGENT_NODE": node, "AGENT_DIR": str(disk), "DISTRIBUTION_URL": suite.addresses.url("distribution"),
            "AGENT_TRANSPORT": "http",
        }  # fmt: skip
        process = Process(node, command, log=suite.log, env=environment(settings), cwd=PROJECT)
        url, service = f"http://{host}:{RUNBOOK_AGENT}", f"{suite.addresses.url('distribution')}/v1/nodes"
        with process:
            process.wait_for_http(f"{url}/health")
            HTTP.post(service, json={"name": node, "url": url}).raise_for_status()
            try:
                yield
            finally:
                HTTP.delete(f"{service}/{node}").raise_for_status()

    def table(self) -> str:
        """Every step that was run, in order."""
        width = max(len(f"{row.block}: {row.step}") for row in self.rows)
        lines = (f"{f'{row.block}: {row.step}':{width}}  {row.seconds:6.1f} s  {row.seen}" for row in self.rows)
        return "\n".join(lines)


@contextmanager
def desk() -> Iterator[Desk]:
    """A running suite with two nodes on the runbook's port for agents, each at a loopback address of its own."""
    with tempfile.TemporaryDirectory(prefix="ringrift-tests-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o711)
        hosts = [f"127.{random.randint(1, 254)}.{random.randint(1, 254)}.{each}" for each in range(1, len(NODES) + 1)]
        nodes = {node: (host, RUNBOOK_AGENT) for node, host in zip(NODES, hosts, strict=True)}
        addresses = Addresses(Addresses.free(0).services, nodes)
        (folder / "modules").mkdir()
        own = {"gauntlet": {"PYTHONPATH": f"{folder / 'modules'}:{PROJECT}:{PROJECT / 'client'}"}}
        suite = Suite(folder, addresses, durable=False, settings=SETTINGS, own=own)
        with suite.running(lambda _: None):
            link_doors(suite.folder)
            yield Desk(Operator(suite), blocks(PAGE.read_text()))
