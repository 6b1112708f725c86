"""A table of a benchmark that says as JSON something else than its cells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.table import Table


class Figures(Table):
    """A table with a document of its own for `--json`."""

    document: dict[str, Any]


def listed(title: str, document: dict[str, Any]) -> Figures:
    """A document as a table of figures and values."""
    table = Figures("figure", "value", title=title)
    table.document = document
    for name, value in _leaves(document, ()):
        table.add_row(name, str(value))
    return table


def _leaves(value: Any, names: tuple[str, ...]) -> list[tuple[str, Any]]:
    if not isinstance(value, Mapping):
        return [(" ".join(names), value)]
    return [leaf for name, each in value.items() for leaf in _leaves(each, (*names, str(name)))]
