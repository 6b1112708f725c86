"""Problems: answers that are not the one asked for, as RFC 9457 problem+json with a stable `type` for each kind.

    Exception
    └── Problem                        a kind is a subclass: its status, its slug, and its docstring for OpenAPI
        ├── those below                that any process may answer
        └── services/NAME/api/problems.py

Only routes and this package raise problems. What services raise is an exception of their own, and the application is told which
problem answers for it. Texts say what is wrong, where, and what would be right.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import asyncpg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from shared.process.logs import get_logger
from shared.storage.outages import outage

TYPE_PREFIX = "urn:ringrift:problem:"
MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = "2"
"""After how long a caller may ask again, where a dependency is away."""
_log = get_logger(__name__)


class Problem(Exception):
    """An answer that is not the one asked for; `detail` explains it to people, `extra` has further members for programs."""

    status: ClassVar[int]
    slug: ClassVar[str]

    def __init__(self, detail: str, *, headers: Mapping[str, str] | None = None, **extra: Any) -> None:
        super().__init__(detail)
        self.detail, self.headers, self.extra = detail, dict(headers or {}), extra

    @classmethod
    def title(cls) -> str:
        """The kind in words."""
        return cls.slug.replace("-", " ").capitalize()

    def body(self, instance: str) -> dict[str, Any]:
        """The problem document."""
        base = {"type": TYPE_PREFIX + self.slug, "title": self.title(), "status": self.status, "detail": self.detail}
        return {**base, "instance": instance, **self.extra}

    def answer(self, instance: str) -> JSONResponse:
        """The response."""
        return JSONResponse(self.body(instance), self.status, media_type=MEDIA_TYPE, headers=self.headers)


class NotFound(Problem):
    """There is nothing of that name."""

    status, slug = 404, "not-found"


class MethodNotAllowed(Problem):
    """The address exists and takes another method."""

    status, slug = 405, "method-not-allowed"


class InvalidRequest(Problem):
    """A parameter or the body is not as declared; `errors` lists where and what."""

    status, slug = 422, "invalid-request"


class Unauthorized(Problem):
    """No key was given, or one that nobody has."""

    status, slug = 401, "unauthorized"


class Forbidden(Problem):
    """The key's scope does not reach so far."""

    status, slug = 403, "forbidden"


class PathRefused(Problem):
    """The path leads out of the models folder, or is no path."""

    status, slug = 422, "path-refused"


class ModelNotFound(Problem):
    """The models folder has no such file."""

    status, slug = 404, "model-not-found"


class IdempotencyKeyReused(Problem):
    """The Idempotency-Key was used before, for something else."""

    status, slug = 422, "idempotency-key-reused"


class MalformedRequest(Problem):
    """What came is no request of HTTP/1.1. The connection is closed."""

    status, slug = 400, "malformed-request"


class RequestTimeout(Problem):
    """The request was not there whole in time (RINGRIFT_REQUEST_SECONDS). The connection is closed."""

    status, slug = 408, "request-timeout"


class ContentTooLarge(Problem):
    """The body has more bytes than are taken (RINGRIFT_MOST_BODY_BYTES). The connection is closed."""

    status, slug = 413, "content-too-large"


class TargetTooLong(Problem):
    """The address is too long. The connection is closed."""

    status, slug = 414, "target-too-long"


class HeadersTooLarge(Problem):
    """The headers are too long, or too many. The connection is closed."""

    status, slug = 431, "headers-too-large"


class TooManyConnections(Problem):
    """As many connections are open as may be (RINGRIFT_MOST_CONNECTIONS); ask again later. The connection is closed."""

    status, slug = 503, "too-many-connections"


class TooManyStreams(Problem):
    """As many streams are open as may be (RINGRIFT_MOST_STREAMS); ask again later."""

    status, slug = 503, "too-many-streams"


class DependencyUnavailable(Problem):
    """The database cannot be used just now, and the detail says why; ask again, with the same Idempotency-Key."""

    status, slug = 503, "dependency-unavailable"


class NotReady(Problem):
    """A dependency does not answer; `checks` says which."""

    status, slug = 503, "not-ready"


class Internal(Problem):
    """An unexpected error; the service's log has the details."""

    status, slug = 500, "internal"


class ProblemDocument(BaseModel):
    """How every error looks (RFC 9457)."""

    type: str = Field(examples=["urn:ringrift:problem:not-found"])
    title: str
    status: int
    detail: str
    instance: str


def problems(*kinds: type[Problem]) -> dict[int | str, dict[str, Any]]:
    """OpenAPI's `responses` for the kinds of problem that a route may answer besides its own answer."""
    documented: dict[int | str, dict[str, Any]] = {}
    for kind in kinds:
        answer = documented.setdefault(kind.status, _response())
        explanation = (kind.__doc__ or "").strip()
        answer["description"] = "\n\n".join(filter(None, [answer["description"], f"`{kind.slug}`: {explanation}"]))
        example = {"summary": kind.title(), "value": {**kind(explanation).body("/"), "detail": explanation}}
        answer["content"][MEDIA_TYPE]["examples"][kind.slug] = example
    return documented


def _response() -> dict[str, Any]:
    content = {"schema": {"$ref": "#/components/schemas/ProblemDocument"}, "examples": {}}
    return {"model": ProblemDocument, "description": "", "content": {MEDIA_TYPE: content}}


def install_problems(app: FastAPI, translations: Mapping[type[Exception], type[Problem]]) -> None:
    """Turn every exception that leaves a route into a problem; `translations` says which, for those of the service's own."""

    @app.exception_handler(Problem)
    async def _problem(request: Request, error: Problem) -> JSONResponse:
        return error.answer(request.url.path)

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        faults = [{"where": ".".join(map(str, e["loc"])), "what": e["msg"]} for e in error.errors()]
        detail = "; ".join(f"{fault['where']}: {fault['what']}" for fault in faults)
        return InvalidRequest(detail, errors=faults).answer(request.url.path)

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> JSONResponse:
        return _of_status(error).answer(request.url.path)

    # only Exception's own handler is followed by the server's traceback
    @app.exception_handler(OSError)
    @app.exception_handler(SQLAlchemyError)
    @app.exception_handler(asyncpg.PostgresError)
    @app.exception_handler(asyncpg.InterfaceError)
    @app.exception_handler(asyncpg.InternalClientError)
    @app.exception_handler(Exception)
    async def _unexpected(request: Request, error: Exception) -> JSONResponse:
        return _of_unexpected(error, request.url.path).answer(request.url.path)

    for kind, problem in translations.items():
        app.add_exception_handler(kind, _translator(problem))


def _translator(problem: type[Problem]) -> Any:
    async def translate(request: Request, error: Exception) -> JSONResponse:
        return problem(str(error), **getattr(error, "extra", {})).answer(request.url.path)

    return translate


def _of_unexpected(error: Exception, path: str) -> Problem:
    """The problem of an exception that no route knows: a dependency that is away, or a fault of the suite's own."""
    reason = outage(error)
    if reason is None:
        _log.error("unexpected error", exc_info=error, path=path)
        return Internal("an unexpected error; the service's log has the details")
    _log.warning("dependency unavailable", reason=reason, error=repr(error), path=path)
    return DependencyUnavailable(f"{reason}; try again", headers={"Retry-After": RETRY_SECONDS})


def _of_status(error: HTTPException) -> Problem:
    """The problem of an exception that the framework raised; a kind of its own where there is none."""
    known = {kind.status: kind for kind in (NotFound, MethodNotAllowed, Unauthorized, Forbidden)}
    other = type("HttpProblem", (Problem,), {"status": error.status_code, "slug": f"http-{error.status_code}"})
    kind: type[Problem] = known.get(error.status_code, other)
    return kind(str(error.detail), headers=error.headers)
