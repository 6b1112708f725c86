"""Whether a data folder is one that this Postgres can serve."""

import contextlib
import os
from pathlib import Path

from local.process import CannotStart
from local.running import run

ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
NOBODYS_PID = 2**31 - 1
LONGEST_PATH = 950
"""Bytes of the data folder's name: Postgres cuts the names of its files at 1024."""


def require_short_path(data: Path) -> None:
    """CannotStart if Postgres would cut the names of files in the folder."""
    length = len(os.fsencode(data))
    if length > LONGEST_PATH:
        raise CannotStart(f"the folder {data} has {length} bytes in its name; Postgres takes {LONGEST_PATH}")


def require_same_version(data: Path, binaries: Path) -> None:
    """CannotStart if another major version made the data."""
    made_by = (data / "PG_VERSION").read_text().strip()
    ours = run([str(binaries / "postgres"), "--version"], ENVIRONMENT).split()[-1]
    if made_by != ours.partition(".")[0]:
        raise CannotStart(
            f"{data} was made by Postgres {made_by}, and this is Postgres {ours}. Dump it with the old one and restore it into a "
            "new folder, or give another folder."
        )


def forget_reused_pid(data: Path) -> None:
    """Let a crashed server's status file name no process, if the one that it names is another program by now.

    After a restart of the machine or the container the number may belong to anything, and Postgres would refuse to start. The
    file stays, because it also names the shared memory that sessions of the crashed server may still use. Linux only.
    """
    status = data / "postmaster.pid"
    with contextlib.suppress(OSError):
        pid, end, rest = status.read_bytes().partition(b"\n")
        if pid.strip().isdigit() and os.readlink(f"/proc/{int(pid)}/cwd") != str(data):
            status.write_bytes(b"%d" % NOBODYS_PID + end + rest)
