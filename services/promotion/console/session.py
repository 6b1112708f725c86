"""Sessions of people at the pages: signed, for a bounded time, and good for as long as the key that they logged in with. Pure.

A session's text names the hash of the key, never the key. Nothing is kept but the sessions that were ended before their time.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

MOST_ENDED = 10_000
"""As many ended sessions as are remembered; the oldest is forgotten first."""
NOBODY = "nobody"
"""The session of whoever needs none."""


@dataclass(frozen=True)
class Sessions:
    """Begins, reads and ends sessions. `seconds`: how long one lasts; `now`: the time in seconds."""

    secret: bytes
    seconds: float
    now: Callable[[], float]
    _ended: dict[str, None] = field(default_factory=dict)

    def begin(self, key_hash: str) -> str:
        """The text of a new session, for the holder of a key."""
        said = f"{key_hash}.{int(self.now() + self.seconds)}.{secrets.token_hex(16)}"
        return f"{said}.{self._mark('session', said)}"

    def key_of(self, session: str) -> str | None:
        """The hash of the key that a session was begun with; None if it is none, has ended or is over."""
        said, _, mark = session.rpartition(".")
        if not hmac.compare_digest(mark.encode(), self._mark("session", said).encode()) or session in self._ended:
            return None
        key_hash, until, _ = said.split(".")
        return key_hash if self.now() < int(until) else None

    def end(self, session: str) -> None:
        """From now on the session is good for nothing."""
        if self.key_of(session) is None:
            return
        self._ended[session] = None
        if len(self._ended) > MOST_ENDED:
            del self._ended[next(iter(self._ended))]

    def token(self, session: str) -> str:
        """What a form of this session has to say, which nobody else's page can know."""
        return self._mark("form", session)

    def is_token(self, session: str, token: str) -> bool:
        """Whether a form came from a page of this session."""
        return hmac.compare_digest(self.token(session).encode(), token.encode())

    def _mark(self, purpose: str, said: str) -> str:
        return hmac.new(self.secret, f"{purpose}:{said}".encode(), hashlib.sha256).hexdigest()
