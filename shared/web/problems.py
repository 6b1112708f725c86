"""Errors as RFC 9457 problem+json, with a stable `type` for each kind.

A route raises `Problem`; whatever else goes wrong becomes one here. Texts say what is wrong, where, and what would be right.
"""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from sqlalchemy.exc import DBAPIError, InterfaceError
from starlette.exceptions import HTTPException

from shared.process.logs import get_logger

TYPE_PREFIX = "urn:ringrift:problem:"
_log = get_logger(__name__)


class Problem(Exception):
    """An answer that is not the one asked for; `slug` names its kind for programs, `detail` explains it to people."""

    def __init__(
        self, status: int, slug: str, detail: str, *, headers: dict[str, str] | None = None, **extra: Any
    ) -> None:
        super().__init__(detail)
        self.status, self.slug, self.detail, self.headers, self.extra = status, slug, detail, headers, extra

    def body(self, instance: str) -> dict[str, Any]:
        """The problem document."""
        title = self.slug.replace("-", " ").capitalize()
        base = {"type": TYPE_PREFIX + self.slug, "title": title, "status": self.status, "detail": self.detail}
        return {**base, "instance": instance, **self.extra}


class ProblemDocument(BaseModel):
    """How every error looks (RFC 9457), for OpenAPI."""

    type: str = Field(examples=["urn:ringrift:problem:not-found"])
    title: str
    status: int
    detail: str
    instance: str


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI's `responses` for the statuses that a route may answer besides its own."""
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}}
    return {status: {"model": ProblemDocument, "content": content} for status in statuses}


def install_problem_handlers(app: FastAPI) -> None:
    """Turn every exception that leaves a route into problem+json."""

    @app.exception_handler(Problem)
    async def _problem(request: Request, error: Problem) -> JSONResponse:
        return _answer(request, error)

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        faults = [{"where": ".".join(map(str, e["loc"])), "what": e["msg"]} for e in error.errors()]
        detail = "; ".join(f"{fault['where']}: {fault['what']}" for fault in faults)
        return _answer(request, Problem(422, "invalid-request", detail, errors=faults))

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> JSONResponse:
        slug = {404: "not-found", 405: "method-not-allowed"}.get(error.status_code, f"http-{error.status_code}")
        return _answer(request, Problem(error.status_code, slug, str(error.detail), headers=dict(error.headers or {})))

    @app.exception_handler(ConnectionError)
    @app.exception_handler(InterfaceError)
    @app.exception_handler(TimeoutError)
    async def _unreachable(request: Request, error: Exception) -> JSONResponse:
        _log.warning("dependency unavailable", error=repr(error))
        detail = "the database or the bus cannot be reached just now; nothing was changed; try again"
        return _answer(request, Problem(503, "dependency-unavailable", detail, headers={"Retry-After": "2"}))

    @app.exception_handler(Exception)
    async def _unexpected(request: Request, error: Exception) -> JSONResponse:
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            return await _unreachable(request, error)
        _log.error("unexpected error", exc_info=error, path=request.url.path)
        return _answer(request, Problem(500, "internal", "an unexpected error; the service's log has the details"))


def _answer(request: Request, problem: Problem) -> JSONResponse:
    return JSONResponse(
        problem.body(request.url.path), problem.status, media_type="application/problem+json", headers=problem.headers
    )
