"""What the pages' navigation leads to, in its order. A page that people should find from everywhere has its line here."""

from __future__ import annotations

from typing import NamedTuple


class Entry(NamedTuple):
    """One link. `path`: without the proxy's prefix."""

    name: str
    path: str


NAVIGATION = (
    Entry("Overview", "/overview"),
    Entry("Evaluations", "/evaluations"),
    Entry("Decisions", "/decisions"),
    Entry("Nodes", "/nodes"),
    Entry("Distributions", "/distributions"),
    Entry("Trainings", "/timeline"),
    Entry("Policies", "/policies"),
    Entry("Audit", "/audit"),
    Entry("Promote", "/promote"),
)
