"""API keys as they are configured and issued: who holds one, what it is good for, and its hash. A key itself is never kept."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple, get_args

Scope = Literal["read", "operate", "force", "node", "train", "play"]
"""What a key can be given: every GET; everything that callers of a service do but skip its checks; that too; fetching artifacts
and nothing else; announcing trainings, reading them, and nothing else; claiming games, reporting them, fetching their models, and
nothing else."""
Right = Literal["read", "operate", "force", "node", "train", "trainings", "play", "order", "join"]
"""What a route asks for: `train` to announce a training, `trainings` to read them, `play` to play games, `join` to register itself
as a node. No key has `order`: an agent takes orders by signature."""
SCOPES: tuple[Scope, ...] = get_args(Scope)
RIGHTS: Mapping[Scope, frozenset[Right]] = {
    "node": frozenset({"node"}),
    "train": frozenset({"train", "trainings"}),
    "play": frozenset({"node", "play"}),
    "read": frozenset({"node", "read", "trainings"}),
    "operate": frozenset({"join", "node", "operate", "play", "read", "train", "trainings"}),
    "force": frozenset({"force", "join", "node", "operate", "play", "read", "train", "trainings"}),
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

MOST_TOLD = 200
"""Ids that find room in an address."""


class IssuedKey(NamedTuple):
    """A key that somebody was given while the suite ran. `hash`: as of any key; `id`: which one it is."""

    id: str
    name: str
    scope: Scope
    hash: str

    @property
    def caller(self) -> Caller:
        """Its holder; the id tells one key from another of that name."""
        return Caller(f"{self.name} ({self.id})", RIGHTS[self.scope])


class AcceptedKeys:
    """The keys that a process accepts: those of its environment, and those that were issued and are good now."""

    def __init__(self, entries: Sequence[str]) -> None:
        """Entries are `name:scope:sha256-of-the-key`. ValueError if one is not."""
        self._callers = dict(_parsed(entry) for entry in entries)
        self._issued: tuple[IssuedKey, ...] = ()
        self._used: set[str] = set()

    def know(self, key: str, caller: Caller) -> None:
        """Accept a key that was configured for one purpose alone."""
        self._callers[digest_of_key(key)] = caller

    def accept(self, issued: Iterable[IssuedKey]) -> None:
        """From now on these, beside the environment's, and no others."""
        self._issued = tuple(issued)

    def used(self) -> list[str]:
        """The ids of issued keys that were presented since this was asked last, so many at a time."""
        used = sorted(self._used)[:MOST_TOLD]
        self._used -= set(used)
        return used

    def caller(self, authorization: str) -> Caller | None:
        """The holder of the key in an Authorization header, None if nobody is."""
        return self.holder(digest_of_key(authorization.removeprefix("Bearer ")))

    def holder(self, given: str) -> Caller | None:
        """The holder of the key with a hash, None if nobody is."""
        for known, caller in self._callers.items():
            if hmac.compare_digest(known, given):
                return caller
        for each in self._issued:
            if hmac.compare_digest(each.hash, given):
                self._used.add(each.id)
                return each.caller
        return None


def digest_of_key(key: str) -> str:
    """The hash under which a key is accepted."""
    return hashlib.sha256(key.encode()).hexdigest()


def _parsed(entry: str) -> tuple[str, Caller]:
    name, _, rest = entry.partition(":")
    scope, _, digest = rest.partition(":")
    if scope not in SCOPES or len(digest) != 64 or ":" in digest:
        raise ValueError(f"an API key entry must be name:scope:sha256-of-the-key, with scope {', '.join(SCOPES)}")
    return digest.lower(), Caller(name, RIGHTS[scope])
