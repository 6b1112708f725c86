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

from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

TYPE_PREFIX = "urn:ringrift:problem:"
MEDIA_TYPE = "application/problem+json"
Responses = dict[int | str, dict[str, Any]]
"""What OpenAPI says of answers, by status."""


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


class UnreadableBody(Problem):
    """The body is no JSON in UTF-8, or is nested too deeply."""

    status, slug = 400, "unreadable-body"


class MalformedRange(Problem):
    """The Range header asks for no range of bytes, such as `bytes=0-99`."""

    status, slug = 400, "malformed-range"


class RangeNotSatisfiable(Problem):
    """The file has no bytes there; Content-Range says how many it has."""

    status, slug = 416, "range-not-satisfiable"


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


class Fault(BaseModel):
    """One thing that is wrong with a request."""

    where: str = Field(description="Parts of the place, joined by dots", examples=["body.num_players"])
    what: str = Field(examples=["Input should be less than or equal to 4"])


class ProblemDocument(BaseModel):
    """How every error looks (RFC 9457). A kind of problem may have further members."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="Names the kind, and never changes", examples=["urn:ringrift:problem:not-found"])
    title: str = Field(description="The kind in words", examples=["Not found"])
    status: int = Field(description="The status of the answer", examples=[404])
    detail: str = Field(description="What is wrong, for people", examples=["there is no artifact 9f86d081"])
    instance: str = Field(description="The path that was asked for", examples=["/v1/artifacts/9f86d081"])
    errors: list[Fault] = Field(default=[], description="Of `invalid-request`: everything that is wrong")


def problems(*kinds: type[Problem]) -> Responses:
    """OpenAPI's `responses` for the kinds of problem that a route may answer besides its own answer."""
    documented: Responses = {}
    for kind in kinds:
        answer = documented.setdefault(kind.status, _response())
        explanation = (kind.__doc__ or "").strip()
        answer["description"] = "\n\n".join(filter(None, [answer["description"], f"`{kind.slug}`: {explanation}"]))
        example = {"summary": kind.title(), "value": {**kind(explanation).body("/"), "detail": explanation}}
        answer["content"][MEDIA_TYPE]["examples"][kind.slug] = example
    return documented


def together(*documented: Responses) -> Responses:
    """The answers of all; kinds of problem with the same status stand side by side."""
    found: Responses = {}
    for status, answer in (each for responses in documented for each in responses.items()):
        known = found.get(status)
        found[status] = answer if known is None or known == answer else _both(known, answer)
    return found


def _both(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    words = dict.fromkeys([*one["description"].split("\n\n"), *other["description"].split("\n\n")])
    answer = {**_response(), "description": "\n\n".join(words)}
    for each in (one, other):
        answer["content"][MEDIA_TYPE]["examples"] |= each["content"][MEDIA_TYPE]["examples"]
    return answer


def _response() -> dict[str, Any]:
    content = {"schema": {"$ref": "#/components/schemas/ProblemDocument"}, "examples": {}}
    return {"model": ProblemDocument, "description": "", "content": {MEDIA_TYPE: content}}
