"""Turns a template and what it shows into a page. Everything is escaped; a name that a template misspells is an error."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from fastapi import Query, Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from services.promotion.console.navigation import NAVIGATION
from services.promotion.console.text import FILTERS
from services.promotion.console.visit import Visit

TEMPLATES = Path(__file__).parent / "templates"
Seen = Annotated[str | None, Query(max_length=16)]
"""As a parameter of a part's route: the mark of what the browser has."""
NEVER_KEPT = {"Cache-Control": "no-store", "Vary": "Accept, Cookie"}


@cache
def environment() -> Environment:
    """The templates."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    made.filters |= FILTERS
    made.globals["navigation"] = NAVIGATION
    return made


def fill(template: str, visit: Visit, **shown: Any) -> Markup:
    """A template's HTML."""
    return Markup(environment().get_template(template).render(visit=visit, **shown))


def page(request: Request, template: str, status: int = 200, **shown: Any) -> HTMLResponse:
    """A whole page."""
    return HTMLResponse(fill(template, Visit.of(request), **shown), status, NEVER_KEPT)


class Part(NamedTuple):
    """A part of a page that is asked for again while somebody looks. `path`: where; `is_over`: nothing in it changes any more."""

    path: str
    content: Markup
    is_over: bool = False

    @property
    def mark(self) -> str:
        """By what a browser says that it has this content."""
        return hashlib.sha256(self.content.encode()).hexdigest()[:16]

    def html(self, visit: Visit) -> Markup:
        """The part, with what asks for it again; one that is over does not, because htmx 4 knows no status that would say so."""
        return fill("asks.html", visit, part=self)


def fragment(visit: Visit, part: Part, seen: str | None) -> Response:
    """The answer to a browser that asks again: 204 where it has the content already."""
    if seen == part.mark and not part.is_over:
        return Response(status_code=204, headers=NEVER_KEPT)
    return HTMLResponse(part.html(visit), headers=NEVER_KEPT)
