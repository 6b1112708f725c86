"""The page before every act: what it will do, and the one button that does it. Whoever may not do it never sees the button."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import uuid4

from fastapi import Request, Response

from services.promotion.console.rendering import page

ONCE = "idempotency_key"
"""The field by which the same form, sent twice, does its act once."""
SEEN = "seen_version"
"""The field that says where the person saw the pointer."""


@dataclass(frozen=True)
class Act:
    """An act that waits for a yes. `action`: where its form goes; `back`: where a no leads; both without the proxy's prefix."""

    title: str
    sentences: Sequence[str]
    fields: Mapping[str, str]
    action: str
    button: str
    back: str
    is_danger: bool = False


def confirm(request: Request, act: Act) -> Response:
    """The page that asks."""
    return page(request, "confirm.html", act=act, once=str(uuid4()), ONCE=ONCE)


def seen_in(form: Mapping[str, str]) -> int | None:
    """Where the person saw the pointer when the page was made; None if the form does not say."""
    text = form.get(SEEN, "")
    return int(text) if text.isdecimal() and len(text) < 10 else None
