"""Hosts in network namespaces, each with a link of its own that is as slow as asked. Needs root and Linux.

A bridge in a namespace of its own joins them; nothing of it touches the machine's own network. Sending is shaped at each host, and
receiving at its port of the bridge, with queues of a tenth of a second.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

FABRIC = "rr-fabric"
IP = shutil.which("ip", path="/usr/sbin:/sbin:/usr/bin:/bin") or "ip"
GSO_BYTES = 75_000
"""The largest packet that a host hands to its link, with all its headers: a bucket that is smaller is filled in software."""
QUEUE = "100ms"
CONTROL = Path("/proc/sys/net/ipv4/tcp_allowed_congestion_control")


class Lab:
    """So many hosts, of which the first is number 0; `mbit`: what each sends and receives a second."""

    def __init__(self, hosts: int, mbit: float) -> None:
        self._hosts, self._mbit = hosts, mbit
        self._allowed = ""

    @staticmethod
    def address(host: int) -> str:
        """Where a host is."""
        return f"198.18.0.{host + 1}"

    def command(self, host: int, *command: str) -> list[str]:
        """The command, as run on a host."""
        return [IP, "netns", "exec", _name(host), *command]

    def slow_down(self, host: int, mbit: float) -> None:
        """Give a host another link."""
        _shape("change", _name(host), "eth0", mbit)
        _shape("change", FABRIC, f"p{host}", mbit)

    def __enter__(self) -> Self:
        """Make them."""
        if os.geteuid() != 0:
            raise SystemExit("network namespaces need root: run it as root")
        self._allowed = CONTROL.read_text().strip()
        if "cubic" not in self._allowed:
            CONTROL.write_text(f"{self._allowed} cubic")
        try:
            self._make()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._remove()

    def _make(self) -> None:
        _run("ip", "netns", "add", FABRIC)
        _run("ip", "-n", FABRIC, "link", "add", "br0", "type", "bridge")
        _run("ip", "-n", FABRIC, "link", "set", "br0", "up")
        for host in range(self._hosts):
            self._add(host)

    def _add(self, host: int) -> None:
        name, port = _name(host), f"p{host}"
        _run("ip", "netns", "add", name)
        _run("ip", "-n", FABRIC, "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", name)
        _run("ip", "-n", FABRIC, "link", "set", port, "master", "br0", "up")
        _run("ip", "-n", name, "addr", "add", f"{self.address(host)}/16", "dev", "eth0")
        for device in ("lo", "eth0"):
            _run("ip", "-n", name, "link", "set", device, "up")
        _run(*self.command(host, "sysctl", "-q", "-w", "net.ipv4.tcp_congestion_control=cubic"))
        _shape("add", name, "eth0", self._mbit)
        _shape("add", FABRIC, port, self._mbit)

    def _remove(self) -> None:
        for name in (*map(_name, range(self._hosts)), FABRIC):
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)
        CONTROL.write_text(self._allowed)


def _name(host: int) -> str:
    return f"rr-{host}"


def _shape(verb: str, namespace: str, device: str, mbit: float) -> None:
    rate = ["rate", f"{mbit}mbit", "burst", str(GSO_BYTES), "latency", QUEUE]
    _run("tc", "-n", namespace, "qdisc", verb, "dev", device, "root", "handle", "1:", "tbf", *rate)


def _run(*command: str) -> None:
    ended: subprocess.CompletedProcess[str] = subprocess.run(command, check=False, capture_output=True, text=True)
    if ended.returncode:
        raise RuntimeError(f"{' '.join(command)}: {ended.stderr.strip()}")
