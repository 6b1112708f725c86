"""Processes of the suite for tests: `python -m module` with the given settings and no others."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from local.process import Process

ROOT = Path(__file__).resolve().parents[2]


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """This process's environment with these settings, named without RINGRIFT_, and no others of the suite."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("RINGRIFT_")}
    return inherited | {f"RINGRIFT_{key}": value for key, value in settings.items()}


def suite_process(
    name: str, module: str, settings: Mapping[str, str], folder: Path, largest_file: int | None = None
) -> Process:
    """A process that logs to `folder`, not started yet. `largest_file`: KiB that its disk takes of one file."""
    limit = [] if largest_file is None else ["/bin/bash", "-c", f'ulimit -f {largest_file}; exec "$@"', "bash"]
    command = [*limit, sys.executable, "-m", module]
    return Process(name, command, log=folder / f"{name}.log", env=environment(settings), cwd=ROOT)
