"""What compiling the engine costs the first time, and what the cache leaves of it."""

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.table import Table


def compilation(quick: bool) -> Table:
    """Two starts with one new cache: the first compiles, the second loads."""
    table = Table("start", "CPU-s", "cache on disk", title="python -m play.games.ringrift.warm")
    with tempfile.TemporaryDirectory() as folder:
        for start in ("first, empty cache", "second, same cache"):
            seconds = _cpu_seconds({**os.environ, "NUMBA_CACHE_DIR": folder})
            size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
            table.add_row(start, f"{seconds:.1f}", f"{size / 1e6:.0f} MB")
    return table


def _cpu_seconds(environment: dict[str, str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "play.games.ringrift.warm"]
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
