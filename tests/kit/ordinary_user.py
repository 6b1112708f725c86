"""Commands as an ordinary user, also where Python itself lies in a folder of root's that nobody else may enter."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.house.tree import ROOT

NOBODY = "65534"
BECOME = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--inh-caps=-all", "--"]
REACH = """
set -eu
closed=$1 python=$2 keep=$3; shift 3
mount --bind "$python" "$keep"
mount -t tmpfs -o mode=755 tmpfs "$closed"
mkdir -p "$python"
mount --bind "$keep" "$python"
exec "$@"
"""
"""In a view of the file system of its own: the closed folder shows Python's alone, and everyone may enter it."""


def as_ordinary_user(command: Sequence[str], folder: Path) -> list[str]:
    """The command line that runs a command as a user without privileges: this one, or for root another. `folder`: an empty one."""
    if os.geteuid() != 0:
        return list(command)
    for program in ("setpriv", "unshare", "mount"):
        if shutil.which(program) is None:
            pytest.skip(f"needs {program}: apt-get install util-linux")
    closed = _closed()
    if closed is None:
        return [*BECOME, *command]
    python = Path(sys.base_prefix).resolve()
    return [
        "unshare", "--mount", "--propagation", "private", "bash", "-c", REACH, "bash", str(closed), str(python), str(folder),
        *BECOME, *command,
    ]  # fmt: skip


def _closed() -> Path | None:
    """The topmost folder above Python that others may not enter."""
    above = [*reversed(Path(sys.base_prefix).resolve().parents)]
    needed = [*above, *reversed(ROOT.parents)]
    closed = [each for each in needed if not each.stat().st_mode & 0o001]
    if any(each in ROOT.parents for each in closed):
        pytest.skip(f"{ROOT} can only be entered by root")
    return closed[0] if closed else None
