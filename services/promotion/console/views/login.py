"""Logging in with an API key, and out. The key is checked as the API checks it, and forgotten."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request, Response

from services.promotion.console.forms import Form
from services.promotion.console.rendering import page
from services.promotion.console.routes import new_pages, see
from services.promotion.console.visit import COOKIE, Visit
from shared.process.credentials import digest_of_key
from shared.web.keys import READ, note_refusal

router = new_pages()
LONGEST_KEY = 1000
UNKNOWN = "Nobody has this key. It may be misspelt, or revoked."
Next = Annotated[str, Query(max_length=500)]


def own(path: str) -> str:
    """A path of these pages; whatever leads elsewhere is the first page."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) and "\n" not in path else "/overview"


@router.get("/login")
async def login_page(request: Request, next: Next = "/overview") -> Response:
    """Where a key is given."""
    return page(request, "login.html", next=own(next), wrong=None)


@router.post("/login", dependencies=[READ])
async def log_in(request: Request, form: Form) -> Response:
    """Begin a session for the holder of a key."""
    desk, key, wanted = request.app.state.desk, form.get("key", "")[:LONGEST_KEY], own(form.get("next", "/overview"))
    holder = desk.keys.caller(key)
    if holder is None or not holder.may("read"):
        note_refusal(request.scope)
        wrong = UNKNOWN if holder is None else f"This key is good for {holder.reach}; read is needed to look at pages."
        return page(request, "login.html", 403, next=wanted, wrong=wrong)
    answer = see(request, wanted)
    secure = request.url.scheme == "https"
    answer.set_cookie(
        COOKIE, desk.sessions.begin(digest_of_key(key)), max_age=int(desk.sessions.seconds), path=_cookie_path(request),
        secure=secure, httponly=True, samesite="strict",
    )  # fmt: skip
    return answer


@router.post("/logout", dependencies=[READ])
async def log_out(request: Request, form: Form) -> Response:
    """End the session, here and in the browser."""
    request.app.state.desk.sessions.end(Visit.of(request).session)
    answer = see(request, "/login")
    answer.delete_cookie(COOKIE, path=_cookie_path(request))
    return answer


def _cookie_path(request: Request) -> str:
    root: str = request.scope.get("root_path", "")
    return f"{root}/"
