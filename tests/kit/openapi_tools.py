"""The programs that are made for OpenAPI documents and are no part of the test environment: `make openapi-tools` installs them."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.house.tree import ROOT

FOLDER = ROOT / "build" / "openapi"
PLACES = (FOLDER / "bin", FOLDER / "node_modules" / ".bin")


def tool(name: str) -> str | None:
    """Where a program is, None if it is not on this machine."""
    return shutil.which(name, path=os.pathsep.join([*map(str, PLACES), os.environ.get("PATH", "")]))


def needed(name: str) -> str:
    """Where a program is; without it the test is skipped."""
    found = tool(name)
    if found is None:
        pytest.skip(f"{name} is not on this machine; `make openapi-tools` installs it")
    return found


def run(command: list[str], folder: Path, seconds: float = 120) -> str:
    """What a program says, when all went well."""
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=seconds)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout
