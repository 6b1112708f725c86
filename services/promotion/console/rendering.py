"""Turns a template and what it shows into a page. Everything is escaped; a name that a template misspells is an error."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from services.promotion.console.navigation import NAVIGATION
from services.promotion.console.text import FILTERS
from services.promotion.console.visit import Visit

TEMPLATES = Path(__file__).parent / "templates"
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


def mark_of(html: str) -> str:
    """By what a browser says which fragment it has."""
    return hashlib.sha256(html.encode()).hexdigest()[:16]


def fragment(html: Markup, seen: str | None) -> Response:
    """A part of a page that is asked for again and again: 204 where the browser has it already.

    A part that has come to its end has nothing in it that asks again.
    """
    if seen == mark_of(html):
        return Response(status_code=204, headers=NEVER_KEPT)
    return HTMLResponse(html, headers=NEVER_KEPT)
