"""The compiled game engine, as far as the command line is concerned with it."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module


def warm_engine() -> None:
    """Compile the engine's kernels if they are not in the cache yet, which the compiling process then says. ModuleNotFoundError if
    the compiler is not installed."""
    import_module("numba")
    subprocess.run([sys.executable, "-m", "play.games.ringrift.warm"], check=True)
