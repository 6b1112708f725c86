"""API keys as they are configured: who holds one, how far it reaches, and its hash. A key itself is never kept.

Scopes, each including the ones before it: `read`, `operate`.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from typing import Literal, NamedTuple, get_args

Scope = Literal["read", "operate"]
SCOPES: tuple[Scope, ...] = get_args(Scope)


class Caller(NamedTuple):
    """Who is calling, and how far that reaches."""

    name: str
    scope: Scope

    def may(self, scope: str) -> bool:
        """Whether the caller's scope includes another."""
        return SCOPES.index(self.scope) >= [*SCOPES].index(scope)  # type: ignore[arg-type]  # ValueError for no scope


class AcceptedKeys:
    """The keys that a process accepts."""

    def __init__(self, entries: Sequence[str]) -> None:
        """Entries are `name:scope:sha256-of-the-key`. ValueError if one is not."""
        self._callers = dict(_parsed(entry) for entry in entries)

    def __bool__(self) -> bool:
        return bool(self._callers)

    def caller(self, authorization: str) -> Caller | None:
        """The holder of the key in an Authorization header, None if nobody is."""
        given = hashlib.sha256(authorization.removeprefix("Bearer ").encode()).hexdigest()
        return next((caller for known, caller in self._callers.items() if hmac.compare_digest(known, given)), None)


def _parsed(entry: str) -> tuple[str, Caller]:
    name, _, rest = entry.partition(":")
    scope, _, digest = rest.partition(":")
    if scope not in SCOPES or len(digest) != 64 or ":" in digest:
        raise ValueError("an API key entry must be name:scope:sha256-of-the-key, with scope read or operate")
    return digest.lower(), Caller(name, scope)


def authorization(api_key: str | None) -> dict[str, str]:
    """The header with which this process calls the others."""
    return {"Authorization": f"Bearer {api_key}"} if api_key else {}
