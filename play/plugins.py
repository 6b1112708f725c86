"""What other installed packages add: the objects of an entry point group. It judges none of them."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import TypeVar

T = TypeVar("T")


def plugins(group: str, kind: type[T]) -> list[T]:
    """Every object that an installed package announces in the group, by name. TypeError for one of another kind."""
    found = {entry.name: entry.load() for entry in entry_points(group=group)}
    for name, each in found.items():
        if not isinstance(each, kind):
            raise TypeError(f"entry point {name} of {group} is a {type(each).__name__}: expected a {kind.__name__}")
    return [found[name] for name in sorted(found)]
