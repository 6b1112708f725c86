"""One visit to a page: who is there, where the pages are shown, and what the person may do."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from fastapi import Request

from services.promotion.console.session import NOBODY
from services.promotion.console.static_files import static_path
from services.promotion.errors import PageRefusedError
from shared.process.credentials import Caller
from shared.web.behind_proxy import own_path

COOKIE = "ringrift_session"


@dataclass(frozen=True)
class Visit:
    """What every template knows as `visit`. `session`: the text of the session, NOBODY without one; `token`: what each form has to
    say; `has_keys`: whether one can log in here at all."""

    root: str
    path: str
    caller: Caller
    session: str
    token: str
    has_keys: bool

    @classmethod
    def of(cls, request: Request) -> Visit:
        """Of a request that the gate let in."""
        desk = request.app.state.desk
        session = getattr(request.state, "session", NOBODY)
        root, path = request.scope.get("root_path", ""), own_path(request.scope)
        caller: Caller = request.state.caller
        return cls(root, path, caller, session, desk.sessions.token(session), desk.has_keys)

    @property
    def is_logged_in(self) -> bool:
        """Whether the person gave a key."""
        return self.session != NOBODY

    def may(self, right: str) -> bool:
        """Whether the person may do what needs a right; what they may not is not offered."""
        return self.caller.may(right) and (self.is_logged_in or not self.has_keys)

    def url(self, path: str, *parts: object) -> str:
        """The address of a page: its path, with each {} filled by a part, as a browser has to ask for it."""
        return self.root + path.format(*(quote(str(each), safe=":") for each in parts))

    def static(self, name: str) -> str:
        """The address of a file."""
        return self.root + static_path(name)


def require_right(request: Request, right: str) -> Visit:
    """The visit of whoever may do this; PageRefusedError for anybody else."""
    visit = Visit.of(request)
    if not visit.may(right):
        raise PageRefusedError(f"this key is good for {visit.caller.reach}; {right} is needed")
    return visit
