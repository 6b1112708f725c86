"""`python -m tests.benchmarks`: measures the figures of docs/benchmarks.md and docs/statistics.md here and prints them as tables.

Seconds are processor seconds of the measuring process, compilation excluded unless it is what is measured. Nothing is asserted:
machines are noisy, so compare rows of one run with each other.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable

from rich.console import Console
from rich.table import Table

from tests.benchmarks.compilation import compilation
from tests.benchmarks.distribution import distribution
from tests.benchmarks.figures import Figures
from tests.benchmarks.gate_statistics import statistics
from tests.benchmarks.gauntlet import gauntlet, heuristic_move
from tests.benchmarks.ground import ground
from tests.benchmarks.growth import growth
from tests.benchmarks.nodes import nodes
from tests.benchmarks.promotion import promotion
from tests.benchmarks.races import racing
from tests.benchmarks.random_games import random_games
from tests.benchmarks.sandbox import sandbox
from tests.benchmarks.single_node import one_node
from tests.benchmarks.threads import threads
from tests.benchmarks.verdict import verdict
from tests.benchmarks.workers import workers

SECTIONS: dict[str, Callable[[bool], Table]] = {
    "random": random_games,
    "heuristic": heuristic_move,
    "gauntlet": gauntlet,
    "compilation": compilation,
    "ground": ground,
    "verdict": verdict,
    "promotion": promotion,
    "growth": growth,
    "workers": workers,
    "sandbox": sandbox,
    "threads": threads,
    "statistics": statistics,
    "racing": racing,
    "nodes": nodes,
    "one-node": one_node,
    "distribution": distribution,
}

ASKED_FOR = ("distribution",)
"""Sections that are measured only if they are named: they need root."""


def main() -> None:
    """Measure the named sections, or all of them."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument(
        "sections", nargs="*", help=f"any of {', '.join(SECTIONS)}; all but {', '.join(ASKED_FOR)} if none is named"
    )
    parser.add_argument("--quick", action="store_true", help="a tenth of the games")
    parser.add_argument("--json", action="store_true", help="one JSON document for each section")
    arguments = parser.parse_args()
    for name in arguments.sections:
        if name not in SECTIONS:
            parser.error(f"there is no section {name!r}; give any of {', '.join(SECTIONS)}")
    console = Console(width=130)
    for name in arguments.sections or [name for name in SECTIONS if name not in ASKED_FOR]:
        table = SECTIONS[name](arguments.quick)
        print(as_json(table)) if arguments.json else console.print(table)


def as_json(table: Table) -> str:
    """A table's rows as JSON, one object each; figures and values as one object."""
    if isinstance(table, Figures):
        return json.dumps(table.document, indent=2)
    columns = {str(column.header): list(column.cells) for column in table.columns}
    if list(columns) == ["figure", "value"]:
        return json.dumps(dict(zip(*columns.values(), strict=True)), indent=2)
    rows = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
    return json.dumps({str(table.title): rows}, indent=2)


if __name__ == "__main__":
    main()
