"""Routes of pages: as those of the API, but what goes wrong is shown as a page."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.routing import APIRoute

from services.promotion.api.problems import TRANSLATIONS
from services.promotion.console.rendering import page
from shared.service.frame import DATABASE
from shared.web.answers import problem_of
from shared.web.keys import READ


class PageRoute(APIRoute):
    """A route whose problems are pages."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """What answers a request."""
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handle(request)
            except Exception as error:
                return problem_page(request, error)

        return answer


def problem_page(request: Request, error: Exception) -> Response:
    """The page that says what is wrong."""
    problem = problem_of(error, TRANSLATIONS, DATABASE, request.url.path)
    answer = page(
        request, "problem.html", problem.status, title=problem.title(), detail=problem.detail, extra=problem.extra
    )
    answer.headers.update(problem.headers)
    return answer


def new_pages() -> APIRouter:
    """A router of pages, which need at least the right `read`. OpenAPI does not list them: they are for people."""
    return APIRouter(
        route_class=PageRoute, include_in_schema=False, dependencies=[READ], default_response_class=HTMLResponse
    )


def see(request: Request, path: str) -> RedirectResponse:
    """Have the browser look at another page, such as after a form."""
    return RedirectResponse(request.scope.get("root_path", "") + path, 303)
