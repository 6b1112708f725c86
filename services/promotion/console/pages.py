"""All pages together: the routers of `views/`, which are found there, and how their addresses begin."""

from __future__ import annotations

import importlib
import pkgutil

from fastapi import APIRouter, Request
from fastapi.routing import APIRoute
from starlette.middleware import Middleware

from services.promotion.console import views
from services.promotion.console.desk import Desk
from services.promotion.console.gate import PageGate
from services.promotion.console.routes import new_pages
from services.promotion.errors import UnknownError


def page_routers() -> list[APIRouter]:
    """The routers of all views, and last what answers for addresses that are none."""
    names = sorted(each.name for each in pkgutil.iter_modules(views.__path__))
    found = [importlib.import_module(f"{views.__name__}.{name}").router for name in names]
    return [*found, _elsewhere(found)]


def gate(desk: Desk, routers: list[APIRouter]) -> Middleware:
    """The middleware that knows who comes to these pages."""
    return Middleware(PageGate, desk=desk, segments=_segments(routers))


def _segments(routers: list[APIRouter]) -> frozenset[str]:
    paths = (route.path for router in routers for route in router.routes if isinstance(route, APIRoute))
    return frozenset(path.split("/")[1] for path in paths)


def _elsewhere(routers: list[APIRouter]) -> APIRouter:
    """A page that says so, for every address that begins as those of pages do and is none."""
    router = new_pages()

    async def missing(request: Request) -> None:
        raise UnknownError(f"page {request.url.path}")

    for segment in sorted(_segments(routers)):
        router.add_api_route(f"/{segment}/{{rest:path}}", missing, methods=["GET", "HEAD"])
    return router
