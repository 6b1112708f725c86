"""`python -m tests.benchmarks`: measures the figures of docs/benchmarks.md on this machine and prints them as tables.

Seconds are processor seconds of the measuring process, compilation excluded unless it is what is measured. Nothing is asserted:
machines are noisy, so compare rows of one run with each other.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

from rich.console import Console
from rich.table import Table

from tests.benchmarks.compilation import compilation
from tests.benchmarks.gauntlet import gauntlet, heuristic_move
from tests.benchmarks.random_games import random_games

SECTIONS: dict[str, Callable[[bool], Table]] = {
    "random": random_games,
    "heuristic": heuristic_move,
    "gauntlet": gauntlet,
    "compilation": compilation,
}


def main() -> None:
    """Measure the named sections, or all of them."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("sections", nargs="*", help=f"any of {', '.join(SECTIONS)}; all if none is named")
    parser.add_argument("--quick", action="store_true", help="a tenth of the games")
    arguments = parser.parse_args()
    for name in arguments.sections:
        if name not in SECTIONS:
            parser.error(f"there is no section {name!r}; give any of {', '.join(SECTIONS)}")
    console = Console(width=110)
    for name in arguments.sections or SECTIONS:
        console.print(SECTIONS[name](arguments.quick))


if __name__ == "__main__":
    main()
