"""A real `ringrift up` in a process of its own, with what it printed and the processes that it started."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from local.process import http_problem
from tests.kit.processes import ROOT, environment
from tests.kit.waiting import until

CHILDREN = ("Postgres", "NATS", "promotion", "gauntlet", "distribution", "node-1", "node-2", "node-3")
PROGRAM = (
    "import sys, local.keeper as k; k.HANG_SECONDS = float(sys.argv[1]); from cli.main import app; app(sys.argv[2:])"
)


class Up:
    """The running command. `data`: its folder, or None for one of its own."""

    def __init__(self, process: subprocess.Popen[bytes], output: Path) -> None:
        self.process, self._output = process, output

    @property
    def said(self) -> str:
        """What it printed until now."""
        return self._output.read_text(errors="surrogateescape")

    def is_up(self) -> bool:
        """Whether it said so, to the last line."""
        return re.search(r"The suite is up\..*^  curl -s .*/status$", self.said, re.MULTILINE | re.DOTALL) is not None

    def wait(self) -> None:
        """Until it is up, or has ended."""
        until(lambda: self.is_up() or self.process.poll() is not None, 60, lambda: self.said)
        assert self.is_up(), self.said

    def stop(self) -> None:
        """As Ctrl-C does."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(30)

    def url(self, name: str) -> str:
        """The address that it printed for a service or node."""
        found = re.search(rf"^  {name} +(http://[\d.:]+)/", self.said, re.MULTILINE)
        assert found is not None, self.said
        return found.group(1)

    def is_healthy(self) -> bool:
        """Whether every service and node is ready."""
        services = all(http_problem(f"{self.url(name)}/readyz") is None for name in CHILDREN[2:5])
        return services and all(http_problem(f"{self.url(name)}/health") is None for name in CHILDREN[5:])

    def child(self, name: str) -> int | None:
        """The process id of a child, if there is one now."""
        return next((pid for pid in _children(self.process.pid) if _name(pid) == name), None)


@contextmanager
def running_up(
    *arguments: str | Path,
    folder: Path,
    hang_seconds: float = 30,
    settings: Mapping[str, str] | None = None,
    before: Sequence[str | Path] = (),
) -> Iterator[Up]:
    """`ringrift up` with arguments, run in `folder`, and ended with the block. `before`: a program that becomes it."""
    output = folder / "up.txt"
    command = [*map(str, before), sys.executable, "-c", PROGRAM, str(hang_seconds), "up", *map(str, arguments)]
    env = {**environment(settings or {}), "PYTHONPATH": f"{ROOT}:{ROOT / 'client'}", "COLUMNS": "200"}
    with output.open("wb") as file:
        process = subprocess.Popen(command, cwd=folder, env=env, stdout=file, stderr=file, start_new_session=True)
    up = Up(process, output)
    try:
        yield up
    finally:
        if process.poll() is None:
            up.stop()


def _children(pid: int) -> list[int]:
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        return [int(each) for task in tasks for each in (task / "children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def _name(pid: int) -> str | None:
    try:
        command, environ = (os.fsdecode(Path(f"/proc/{pid}/{what}").read_bytes()) for what in ("cmdline", "environ"))
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return None
    node = re.search(r"RINGRIFT_AGENT_NODE=([^\0]+)", environ)
    if "nats-server" in command:
        return "NATS"
    if "postgres\0-D" in command:
        return "Postgres"
    service = re.search(r"\0services\.(\w+)\0", command)
    return node.group(1) if node else service and service.group(1)
