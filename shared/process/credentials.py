"""API keys as they are configured: who holds one, what it is good for, and its hash. A key itself is never kept."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, get_args

Scope = Literal["read", "operate", "node", "train"]
"""What a key can be given: every GET; everything that callers of a service do; fetching artifacts and nothing else; announcing
trainings, reading them, and nothing else."""
Right = Literal["read", "operate", "node", "train", "trainings", "order"]
"""What a route asks for: `train` to announce a training, `trainings` to read them. No key has `order`: an agent takes orders by
signature."""
SCOPES: tuple[Scope, ...] = get_args(Scope)
RIGHTS: Mapping[Scope, frozenset[Right]] = {
    "node": frozenset({"node"}),
    "train": frozenset({"train", "trainings"}),
    "read": frozenset({"node", "read", "trainings"}),
    "operate": frozenset({"node", "operate", "read", "train", "trainings"}),
}


class Caller(NamedTuple):
    """Who is calling, and what for."""

    name: str
    rights: frozenset[Right]

    def may(self, right: str) -> bool:
        """Whether the caller has a right."""
        return right in self.rights

    @property
    def reach(self) -> str:
        """The rights in words."""
        return ", ".join(sorted(self.rights))


ANYONE = Caller("anyone on this machine", frozenset(get_args(Right)))


class AcceptedKeys:
    """The keys that a process accepts."""

    def __init__(self, entries: Sequence[str]) -> None:
        """Entries are `name:scope:sha256-of-the-key`. ValueError if one is not."""
        self._callers = dict(_parsed(entry) for entry in entries)

    def caller(self, authorization: str) -> Caller | None:
        """The holder of the key in an Authorization header, None if nobody is."""
        given = digest_of_key(authorization.removeprefix("Bearer "))
        return next((caller for known, caller in self._callers.items() if hmac.compare_digest(known, given)), None)


def digest_of_key(key: str) -> str:
    """The hash under which a key is accepted."""
    return hashlib.sha256(key.encode()).hexdigest()


def _parsed(entry: str) -> tuple[str, Caller]:
    name, _, rest = entry.partition(":")
    scope, _, digest = rest.partition(":")
    if scope not in SCOPES or len(digest) != 64 or ":" in digest:
        raise ValueError(f"an API key entry must be name:scope:sha256-of-the-key, with scope {', '.join(SCOPES)}")
    return digest.lower(), Caller(name, RIGHTS[scope])
