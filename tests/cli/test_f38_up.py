"""`ringrift up` without surprises: ports that stay, and nothing deleted without a word."""

import os
import re
import signal
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.up import Up, running_up
from tests.kit.waiting import until


@pytest.fixture
def folder() -> Iterator[Path]:
    """A temporary folder that other users may enter."""
    with tempfile.TemporaryDirectory(prefix="ringrift-tests-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o711)
        yield Path(name)


def ports(up: Up) -> dict[str, int]:
    """Every port that it printed, by name."""
    printed = re.findall(r"^  ([\w-]+) +\w+(?:\+asyncpg)?://[^/]*:(\d+)", up.said, re.MULTILINE)
    return {name: int(port) for name, port in printed}


def test_f38_ports_stay_the_same_after_a_clean_end_and_after_kill_9(folder: Path) -> None:
    """Every server, service and agent listens where it did before, even if its predecessor was just killed."""
    seen = []
    for _ in range(2):
        with running_up("--data", folder / "data", folder=folder) as up:
            up.wait()
            seen.append(ports(up))
            up.process.send_signal(signal.SIGKILL if len(seen) == 1 else signal.SIGINT)
            up.process.wait(30)
    assert len(seen[0]) == 8
    assert seen[0] == seen[1]


def test_f38_a_port_that_was_taken_since_is_said(folder: Path) -> None:
    """Another program has the port of NATS now: another one is used, and the line names both."""
    with running_up("--data", folder / "data", folder=folder) as up:
        until(lambda: up.child("NATS"), 60, lambda: up.said)
    before = (folder / "data" / "ports.json").read_text()
    port = int(re.search(r'"NATS": (\d+)', before).group(1))  # type: ignore[union-attr]
    with socket.create_server(("127.0.0.1", port)), running_up("--data", folder / "data", folder=folder) as up:
        up.wait()
        assert f"Port {port}, which NATS had before, is taken; it has {ports(up)['NATS']} from now on." in up.said
        assert ports(up)["NATS"] != port


def test_f38_without_data_the_folder_is_named_and_said_to_be_deleted(folder: Path) -> None:
    """At the start, with what to do instead, and at the end, when it is gone."""
    with running_up(folder=folder) as up:
        until(lambda: up.child("Postgres"), 60, lambda: up.said)
        up.stop()
    named = re.search(r"Everything is in (\S+) and is DELETED when this stops.*--data", up.said)
    assert named is not None, up.said
    assert f"{named.group(1)} is deleted" in up.said
    assert not os.path.exists(named.group(1))
