"""Builds the package's wheel, with equal bytes wherever and whenever it is built from the same commit. It publishes nothing.

python -m deploy.wheel dist
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCES = (
    "pyproject.toml", "README.md", "LICENSE",
    "app", "cli", "client", "local", "play", "services", "shared",
)  # fmt: skip
"""What the package is made of: nothing else of the project is seen while it is built, and no file that git does not know."""
BUILD = "import sys; from setuptools.build_meta import build_wheel; print(build_wheel(sys.argv[1]))"


def build(folder: Path, root: Path = ROOT) -> Path:
    """Build the wheel of a checkout into a folder; returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        copy_files(root, Path(temporary), *SOURCES)
        moment = {"SOURCE_DATE_EPOCH": moment_of(root)}
        command = [sys.executable, "-c", BUILD, str(folder.resolve())]
        ended = subprocess.run(
            command, cwd=temporary, env=os.environ | moment, umask=0o022, capture_output=True, text=True
        )
    if ended.returncode:
        raise SystemExit(ended.stderr)
    return folder / ended.stdout.splitlines()[-1]


def copy_files(root: Path, folder: Path, *parts: str) -> None:
    """Copy the files below these parts of a checkout that git knows, with the same rights whoever's checkout it is."""
    for name in git(root, "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", *parts).split("\0"):
        if not name or not (root / name).is_file():
            continue
        copy = folder / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes((root / name).read_bytes())
        copy.chmod(0o644)


def moment_of(root: Path) -> str:
    """The moment of which what is built is: SOURCE_DATE_EPOCH, or when the checked out commit was made, in seconds."""
    return os.environ.get("SOURCE_DATE_EPOCH") or git(root, "log", "-1", "--format=%ct").strip()


def git(root: Path, *words: str) -> str:
    """What git says."""
    return subprocess.run(["git", "-C", str(root), *words], check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    print(build(Path(sys.argv[1])))
