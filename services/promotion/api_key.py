"""API keys as people make them: the secret, which is told once, and what is kept of it. Pure; randomness comes in.

A key is `ringrift_ID_SECRET`. The ID says which row it is and is no secret; the SECRET has 256 bits. Kept is the SHA-256 of all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from services.promotion.errors import KeyTooStrongError
from shared.contract.words import ServiceName
from shared.process.credentials import RIGHTS, Caller, Scope, digest_of_key

ID_BYTES, SECRET_BYTES = 4, 32
MOST_KEYS = 1000
"""Keys of one service that may be good at the same time."""


@dataclass(frozen=True, kw_only=True)
class WantedKey:
    """A key to be made. `days`: for how many it is good, None for as long as nobody revokes it."""

    name: str
    service: ServiceName
    scope: Scope
    days: float | None = None
    reason: str | None = None


class Secret(NamedTuple):
    """A new key: what is told once, and what is kept."""

    id: str
    key: str

    @property
    def hash(self) -> str:
        """Under which it is accepted."""
        return digest_of_key(self.key)

    @classmethod
    def new(cls, random: Callable[[int], str]) -> Secret:
        """`random`: so many random bytes, in hexadecimal."""
        id = random(ID_BYTES)
        return cls(id, f"ringrift_{id}_{random(SECRET_BYTES)}")


@dataclass(frozen=True, kw_only=True)
class ApiKey:
    """One key, as it is kept. `revoked_...`: None as long as nobody revoked it; `last_used_on`: by the day."""

    id: str
    name: str
    service: ServiceName
    scope: Scope
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    last_used_on: date | None
    revoked_by: str | None
    revoked_at: datetime | None
    revoked_because: str | None


def require_reach(caller: Caller, scope: Scope) -> None:
    """KeyTooStrongError unless the caller may do everything that a key of that scope may."""
    beyond = RIGHTS[scope] - caller.rights
    if beyond:
        raise KeyTooStrongError(f"a key of scope {scope} is good for {', '.join(sorted(beyond))} too, and yours is not")
