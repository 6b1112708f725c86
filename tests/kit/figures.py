"""The table of figures in docs/observability.md, and what a process answers at /metrics, in the same form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from prometheus_client.parser import text_string_to_metric_families

from tests.house.tree import ROOT

PAGE = ROOT / "docs" / "observability.md"
ROW = re.compile(r"^\| `(ringrift_\w+)` \|(.*?)\| (\w+) \|", re.MULTILINE)
PROCESSES: Mapping[str, tuple[str, ...]] = {
    "all": ("gauntlet", "promotion", "distribution", "agent"),
    "services": ("gauntlet", "promotion", "distribution"),
}
"""What the table says of several processes at once."""


class Figure(NamedTuple):
    """A figure of a process: its name as expressions have it, and its labels."""

    name: str
    labels: frozenset[str]


def documented(process: str) -> dict[str, Figure]:
    """The figures that the page promises of a process, by name."""
    rows = ROW.findall(PAGE.read_text())
    own = [(name, labels) for name, labels, of in rows if process in PROCESSES.get(of, (of,))]
    return {name: Figure(name, frozenset(re.findall(r"`(\w+)`", labels))) for name, labels in own}


def all_documented() -> set[str]:
    """The names of all figures of the page."""
    return {name for name, _, _ in ROW.findall(PAGE.read_text())}


def answered(metrics: str) -> dict[str, Figure]:
    """The suite's own figures in an answer, by name; a label that a bucket has is not counted."""
    found = {}
    for family in text_string_to_metric_families(metrics):
        name = f"{family.name}_total" if family.type == "counter" else family.name
        if name.startswith("ringrift_"):
            found[name] = Figure(name, frozenset(key for each in family.samples for key in each.labels) - {"le"})
    return found


def named_in(expression: str) -> set[str]:
    """The suite's figures that an expression asks for; of a histogram its family."""
    series = re.findall(r"\bringrift_\w+", expression)
    return {re.sub(r"_(bucket|count|sum)$", "", each) for each in series}
