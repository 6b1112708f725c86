"""Which problem answers for an exception that leaves a route: a problem itself, the service's own, or the framework's."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from shared.process.logs import get_logger
from shared.web.problems import (
    DependencyUnavailable,
    Forbidden,
    Internal,
    InvalidRequest,
    MethodNotAllowed,
    NotFound,
    Problem,
    Unauthorized,
    UnreadableBody,
)
from shared.web.unavailable import NONE, Outages

Translations = Mapping[type[Exception], type[Problem]]
"""Which problem answers for which exception of a service's own."""
RETRY_SECONDS = "2"
"""After how long a caller may ask again, where a dependency is away."""
_log = get_logger(__name__)


def install_problems(app: FastAPI, translations: Translations, outages: Outages = NONE) -> None:
    """Turn every exception that leaves a route into a problem; `translations` says which, for those of the service's own."""

    async def answer(request: Request, error: Exception) -> JSONResponse:
        return problem_of(error, translations, outages, request.url.path).answer(request.url.path)

    # only Exception's own handler is followed by the server's traceback
    for kind in (Problem, RequestValidationError, HTTPException, OSError, Exception, *outages.kinds, *translations):
        app.add_exception_handler(kind, answer)


def problem_of(error: Exception, translations: Translations, outages: Outages, path: str) -> Problem:
    """The problem that answers for an exception, whatever it is."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, RequestValidationError):
        return _invalid(error)
    if isinstance(error, HTTPException):
        return _of_status(error)
    known = next((translations[kind] for kind in type(error).__mro__ if kind in translations), None)
    if known is not None:
        return known(str(error), **getattr(error, "extra", {}))
    return _of_unexpected(error, outages, path)


def _invalid(error: RequestValidationError) -> Problem:
    faults = [{"where": ".".join(map(str, e["loc"])), "what": e["msg"]} for e in error.errors()]
    detail = "; ".join(f"{fault['where']}: {fault['what']}" for fault in faults)
    return InvalidRequest(detail, errors=faults)


def _of_unexpected(error: Exception, outages: Outages, path: str) -> Problem:
    """The problem of an exception that no route knows: a dependency that is away, or a fault of the suite's own."""
    reason = outages.reason(error)
    if reason is None:
        _log.error("unexpected error", exc_info=error, path=path)
        return Internal("an unexpected error; the service's log has the details")
    _log.warning("dependency unavailable", reason=reason, error=repr(error), path=path)
    return DependencyUnavailable(f"{reason}; try again", headers={"Retry-After": RETRY_SECONDS})


def _of_status(error: HTTPException) -> Problem:
    """The problem of an exception that the framework raised; where it is none of ours, the status's own words name the kind."""
    known = {kind.status: kind for kind in (UnreadableBody, NotFound, MethodNotAllowed, Unauthorized, Forbidden)}
    words = HTTPStatus(error.status_code).phrase.lower().replace(" ", "-")
    other = type("HttpProblem", (Problem,), {"status": error.status_code, "slug": words})
    kind: type[Problem] = known.get(error.status_code, other)
    return kind(str(error.detail), headers=error.headers)
