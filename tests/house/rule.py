"""What a house rule is. A rule is checked by test_house.py, against the house and against its own example."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from tests.house.tree import Tree

Faults = Iterator[tuple[str, str]]
"""Places, as `path` or `path: name`, each with what is wrong there."""


@dataclass(frozen=True)
class Rule:
    """One rule, with its reason and an example of what it forbids and of what it lets be.

    A place that has to break it is listed in escapes.py under the rule's name, with the reason why.
    """

    name: str
    reason: str
    faults: Callable[[Tree], Faults] = field(repr=False)
    forbids: Mapping[str, str] = field(repr=False)
    allows: Mapping[str, str] = field(repr=False)

    def broken(self, tree: Tree) -> dict[str, str]:
        """What is wrong, by place."""
        return dict(self.faults(tree))
