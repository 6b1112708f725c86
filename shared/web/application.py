"""What the HTTP side of every process has in common: the application, its routers, its health, its offline documentation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Annotated, Any, NamedTuple, TypeVar

from fastapi import APIRouter, FastAPI, Header, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.params import Security as SecurityDependency
from fastapi.routing import APIRoute
from fastapi_offline import FastAPIOffline
from prometheus_client import CONTENT_TYPE_LATEST, disable_created_metrics, generate_latest
from pydantic import BaseModel, ValidationError
from starlette.middleware import Middleware

from shared.process.credentials import AcceptedKeys
from shared.process.release import VERSION
from shared.process.settings import BaseServiceSettings
from shared.process.traces import close_traces
from shared.web.answers import install_problems
from shared.web.document import LICENSE, SERVER, finish
from shared.web.keys import READ, KeyMiddleware
from shared.web.limits import BodyLimits, LimitMiddleware
from shared.web.measured import MeasureMiddleware
from shared.web.pages import stay_at_home
from shared.web.problems import (
    ContentTooLarge,
    DependencyUnavailable,
    Forbidden,
    HeadersTooLarge,
    Internal,
    InvalidRequest,
    MalformedRequest,
    NotReady,
    Problem,
    RequestTimeout,
    Responses,
    TargetTooLong,
    TooManyConnections,
    Unauthorized,
    UnreadableBody,
    problems,
    together,
)
from shared.web.traced import TraceMiddleware
from shared.web.unavailable import NONE, Outages

Check = Callable[[], Awaitable[None]]
CHECK_SECONDS = 8.0
"""Longer than a check takes that has bounds of its own, such as that of NATS."""
NO_ANSWER = f"gives no answer within {CHECK_SECONDS:g} s"
Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


Body = TypeVar("Body", bound=BaseModel)
Limit = Annotated[int, Query(ge=1, le=1000, description="Most items to answer")]
IdempotencyKey = Annotated[str | None, Header(min_length=1, max_length=200, description="The same key asks only once")]

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second figure for each counter, which nobody asks for


class Description(NamedTuple):
    """What an application says of itself. `tags`: the nouns that its own routes are about, each in a sentence."""

    title: str
    text: str
    tags: Mapping[str, str]


TAGS: Mapping[str, str] = {
    "health": "Whether the process answers, and what it depends on.",
    "events": "What this service said, what it could not handle, and how long it keeps what.",
    "artifacts": "Model files, by the SHA-256 of their bytes.",
}
"""The nouns that several processes have in common."""
OF_EVERY_ROUTE = (
    MalformedRequest, RequestTimeout, ContentTooLarge, TargetTooLong, InvalidRequest, HeadersTooLarge, Internal,
    TooManyConnections,
)  # fmt: skip
"""What may be answered to whoever asks, wherever."""
OF_EVERY_GUARDED_ROUTE = (*OF_EVERY_ROUTE, UnreadableBody, Unauthorized, Forbidden, DependencyUnavailable)


def new_app(
    description: Description,
    settings: BaseServiceSettings,
    lifespan: Lifespan,
    routers: Sequence[APIRouter],
    translations: Mapping[type[Exception], type[Problem]],
    recognisers: Sequence[Middleware] = (),
    accepted: AcceptedKeys | None = None,
    outages: Outages = NONE,
) -> FastAPI:
    """An application with problem+json errors, limits, keys, stable operation ids and documentation that works offline.

    `recognisers`: middleware that knows callers by other means than a key; `accepted`: the keys, if not only those of the settings;
    `outages`: how errors say that a dependency is away.
    """
    app: FastAPI = FastAPIOffline(
        title=description.title,
        description=description.text,
        version=VERSION,
        servers=[{"url": settings.root_path or "/", "description": SERVER}],
        license_info=LICENSE,
        separate_input_output_schemas=False,
        lifespan=_to_the_last_span(lifespan),
        generate_unique_id_function=_operation_id,
    )
    install_problems(app, translations, outages)
    limited = Middleware(LimitMiddleware, limits=BodyLimits(settings.most_body_bytes, settings.request_seconds))
    known = accepted or AcceptedKeys(settings.api_keys)
    keys = Middleware(KeyMiddleware, keys=known, anyone=settings.anyone)
    app.user_middleware.extend(
        [Middleware(MeasureMiddleware), Middleware(TraceMiddleware), limited, *recognisers, keys]
    )
    used = {tag: None for router in routers for route in router.routes for tag in getattr(route, "tags", ())}
    told = {**TAGS, **description.tags}
    app.openapi_tags = [{"name": tag, "description": told[tag]} for tag in map(str, used) if tag in told]
    for router in routers:
        app.include_router(router)
    finish(app)
    stay_at_home(app)
    return app


def _to_the_last_span(lifespan: Lifespan) -> Lifespan:
    """A lifespan at whose end every span was sent: a signal ends the process right after it."""

    @asynccontextmanager
    async def longer(app: FastAPI) -> AsyncIterator[None]:
        try:
            async with lifespan(app):
                yield
        finally:
            await asyncio.to_thread(close_traces)

    return longer


class _Router(APIRouter):
    """A router whose routes may answer what each of them declares, and what all of them may."""

    def __init__(self, common: Responses, **options: Any) -> None:
        super().__init__(**options)
        self._common = common

    def add_api_route(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        """As a decorator of the router does."""
        options["responses"] = together(self._common, options.get("responses") or {})
        super().add_api_route(path, endpoint, **options)


def new_router(tag: str, prefix: str = "", needs: SecurityDependency = READ) -> APIRouter:
    """A router whose routes need at least the right `read`, or another, and say what any of them may answer. One that changes
    something declares `operate` itself."""
    return _Router(problems(*OF_EVERY_GUARDED_ROUTE), prefix=prefix, tags=[tag], dependencies=[needs])


def new_open_router(tag: str) -> APIRouter:
    """A router whose routes need no key. They tell what anybody may know, and change nothing."""
    return _Router(problems(*OF_EVERY_ROUTE), tags=[tag])


async def service_of(request: Request) -> Any:
    """The service that the application was built with, as a dependency of its routes."""
    return request.app.state.service


class Alive(BaseModel):
    """The process answers."""

    status: str = "alive"


class Ready(BaseModel):
    """Every dependency answers."""

    status: str = "ready"
    checks: dict[str, str]


def health_router(checks: Mapping[str, Check]) -> APIRouter:
    """`/livez`, which touches nothing, `/readyz`, which asks every dependency, and `/metrics`."""
    router = new_open_router("health")

    @router.get("/livez")
    async def livez() -> Alive:
        """Whether the process answers."""
        return Alive()

    @router.get("/readyz", responses=problems(NotReady))
    async def readyz() -> Ready:
        """Whether every dependency can be reached; all are asked at once, and one that gives no answer is not waited for."""
        answers = await asyncio.gather(*map(_ask, checks.values()))
        results = dict(zip(checks, answers, strict=True))
        if any(result != "ok" for result in results.values()):
            detail = "; ".join(f"{name}: {result}" for name, result in results.items() if result != "ok")
            raise NotReady(detail, checks=results)
        return Ready(checks=results)

    @router.get("/metrics", include_in_schema=False, dependencies=[READ])
    def metrics() -> Response:
        """Figures for Prometheus."""
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router


async def _ask(check: Check) -> str:
    try:
        async with asyncio.timeout(CHECK_SECONDS) as patience:
            await check()
    except Exception as error:  # whatever a dependency raises means that it is not ready
        return NO_ANSWER if patience.expired() else f"{type(error).__name__}: {error}"[:300]
    return "ok"


def _operation_id(route: APIRoute) -> str:
    return route.name


def json_body(model: type[BaseModel]) -> dict[str, Any]:
    """OpenAPI of a JSON body that a route reads itself, whatever Content-Type it was sent with."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


async def read_json(request: Request, model: type[Body]) -> Body:
    """The body as JSON, whatever Content-Type it was sent with; refused as any other body is."""
    try:
        return model.model_validate_json(await request.body())
    except ValidationError as error:
        raise RequestValidationError([{**fault, "loc": ("body", *fault["loc"])} for fault in error.errors()]) from None
