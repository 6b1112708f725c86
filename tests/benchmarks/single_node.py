"""One node over loopback: how fast a model gets onto its disk, and what that costs, beside nginx and curl with the same file.

The service's own code without its database (origin.py) and a real agent, whose bytes are hashed and forced to the disk before they
count; curl only writes them. Both in turn, so that whatever else the machine does meets both.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from tests.benchmarks.figures import Figures, listed
from tests.benchmarks.stand import PORT, Course, Stand, standing

NGINX = "/usr/sbin/nginx"
TURNS = 3
CONFIGURATION = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{ access_log off; sendfile on; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
server {{ listen {host}:{port}; root {root}; }} }}
"""


class Loopback:
    """Hosts that are addresses of this machine; as `Lab`, without links of their own."""

    def address(self, host: int) -> str:
        """Where a host is."""
        return f"127.77.0.{host + 1}"

    def command(self, host: int, *command: str) -> list[str]:
        """How a program is run there."""
        return list(command)


class Turn(NamedTuple):
    """What one transfer took."""

    seconds: float
    cpu: float


def one_node(quick: bool) -> Figures:
    """The figures, as a table."""
    return listed("One node", single_node(256 if quick else 1024))


def single_node(megabytes: int) -> dict[str, Any]:
    """The medians of some turns each: megabytes a second, processor seconds for each gigabyte, and the ratios."""
    if not Path(NGINX).exists():
        return {}
    lab, ours, theirs = Loopback(), list[Turn](), list[Turn]()
    with standing(Course(1, 0.0, megabytes, megabytes), "http", lab) as stand, _nginx(stand, lab) as nginx:
        for version in range(1, TURNS + 1):
            ours.append(_by_the_suite(stand, version, megabytes))
            theirs.append(_by_curl(stand, lab, nginx))
    found = {"service_and_agent": _figures(ours, megabytes), "nginx_and_curl": _figures(theirs, megabytes)}
    speed = [each["mb_per_second"] for each in found.values()]
    return {"single_node": {**found, "speed_ratio": round(speed[0] / speed[1], 2)}}


def _figures(turns: list[Turn], megabytes: int) -> dict[str, float]:
    seconds, cpu = (statistics.median(each) for each in zip(*turns, strict=True))
    return {"mb_per_second": round(megabytes / seconds, 1), "cpu_seconds_per_gb": round(cpu * 1024 / megabytes, 2)}


def _by_the_suite(stand: Stand, version: int, megabytes: int) -> Turn:
    processes = [psutil.Process(stand.origin.pid), *(psutil.Process(each.pid) for each in stand.agents)]
    before = sum(map(_cpu, processes))
    seconds = stand.arrivals(version, megabytes, (1,))[1]
    return Turn(seconds, sum(map(_cpu, processes)) - before)


def _by_curl(stand: Stand, lab: Loopback, nginx: psutil.Process) -> Turn:
    path = next(each for each in (stand.folder / "artifacts" / "sha256").rglob("*") if each.is_file())
    url = f"http://{lab.address(0)}:{PORT + 1}/{path.relative_to(stand.folder / 'artifacts')}"
    before, own, began = _cpu(nginx), os.times(), time.monotonic()
    subprocess.run(["curl", "-sf", "-o", stand.folder / "fetched", url], check=True)
    seconds, after = time.monotonic() - began, os.times()
    curl = after.children_user + after.children_system - own.children_user - own.children_system
    path.unlink()
    return Turn(seconds, _cpu(nginx) - before + curl)


def _cpu(process: psutil.Process) -> float:
    return float(sum(process.cpu_times()[:2]))


@contextmanager
def _nginx(stand: Stand, lab: Loopback) -> Iterator[psutil.Process]:
    folder = stand.folder / "nginx"
    folder.mkdir()
    text = CONFIGURATION.format(folder=folder, host=lab.address(0), port=PORT + 1, root=stand.folder / "artifacts")
    (folder / "nginx.conf").write_text(text)
    command: list[str | Path] = [NGINX, "-e", folder / "error.log", "-p", folder, "-c", folder / "nginx.conf"]
    with subprocess.Popen(command, start_new_session=True) as process:
        try:
            yield psutil.Process(process.pid)
        finally:
            process.terminate()
