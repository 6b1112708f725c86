"""What becomes of an agent that says who it is: whether it is a new node, a known one, or one that must not be taken for another.

An agent has an instance id, made on its first start and kept in its folder: a name that comes with another id is another machine,
or the same one made anew; an id that comes with another name is a node that was renamed, or a copied disk. Pure: no I/O, no time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from services.distribution.node import KnownNode, Node


class Admission(StrEnum):
    """What an agent that joins is found to be."""

    JOINED = "joined"
    KNOWN = "known"
    MOVED = "moved"
    REPLACED = "replaced"
    RENAMED = "renamed"


@dataclass(frozen=True)
class Joining(Node):
    """What an agent says of itself when it joins."""

    instance: str
    labels: Mapping[str, str] = field(default_factory=dict)
    plays: Sequence[str] | None = None


class DoubledError(Exception):
    """Another agent that answers has that name, or that instance id; the text says where."""


def admit(joining: Joining, named: KnownNode | None, same: KnownNode | None, longest_silence: float) -> Admission:
    """What the agent is. `named`: the node of its name; `same`: the one of its instance id; a node that answered within so many
    seconds answers. DoubledError."""
    if same is not None and same.name != joining.name and _answers_elsewhere(same, joining, longest_silence):
        raise DoubledError(
            f"instance {joining.instance} is that of {same.name}, which answers at {same.url}: is this a copy of its disk? "
            "Delete the file `instance` in the agent's folder"
        )
    if named is not None:
        return _of_known(joining, named, longest_silence)
    return Admission.RENAMED if same is not None else Admission.JOINED


def _of_known(joining: Joining, named: KnownNode, longest_silence: float) -> Admission:
    if named.instance == joining.instance or (named.instance is None and named.url == joining.url):
        return Admission.KNOWN if named.url == joining.url else Admission.MOVED
    if _answers_elsewhere(named, joining, longest_silence):
        raise DoubledError(f"{named.name} is a node that answers at {named.url}; give this one another name")
    return Admission.REPLACED


def _answers_elsewhere(node: KnownNode, joining: Joining, longest_silence: float) -> bool:
    answered = node.is_alive and node.age_seconds is not None and node.age_seconds <= longest_silence
    return answered and node.url != joining.url


class Confirmed:
    """Agents that were found known lately, so that saying it again costs nothing. `clock`: seconds, from any beginning."""

    def __init__(self, clock: Callable[[], float], seconds: float = 300.0) -> None:
        self._clock, self._seconds = clock, seconds
        self._agents: dict[str, tuple[Joining, float]] = {}

    def has(self, joining: Joining) -> bool:
        """Whether just that was found known."""
        joined, at = self._agents.get(joining.name, (None, 0.0))
        return joined == joining and self._clock() < at + self._seconds

    def add(self, joining: Joining) -> None:
        """It was found known now."""
        self._agents[joining.name] = (joining, self._clock())

    def drop(self, name: str) -> None:
        """Something was changed about the node."""
        self._agents.pop(name, None)
