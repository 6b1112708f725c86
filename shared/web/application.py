"""What the HTTP side of every process has in common: the application, its health, its errors, its offline documentation."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

from fastapi import APIRouter, FastAPI, Response
from fastapi.routing import APIRoute
from fastapi_offline import FastAPIOffline
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel

from shared.process.settings import BaseServiceSettings
from shared.web.keys import KeyMiddleware
from shared.web.problems import Problem, install_problem_handlers, problem_responses

Check = Callable[[], Awaitable[None]]
Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


class Alive(BaseModel):
    """The process answers."""

    status: str = "alive"


class Ready(BaseModel):
    """Every dependency answers."""

    status: str = "ready"
    checks: dict[str, str]


def new_app(title: str, description: str, settings: BaseServiceSettings, lifespan: Lifespan) -> FastAPI:
    """An application with problem+json errors, key check, stable operation ids and documentation that works offline."""
    app: FastAPI = FastAPIOffline(
        title=title,
        description=description,
        version="0.1.0",
        lifespan=lifespan,
        generate_unique_id_function=_operation_id,
    )
    install_problem_handlers(app)
    app.add_middleware(KeyMiddleware, keys=settings.api_keys)
    return app


def health_router(checks: Mapping[str, Check]) -> APIRouter:
    """`/livez`, which touches nothing, `/readyz`, which asks every dependency, and `/metrics`."""
    router = APIRouter(tags=["health"])

    @router.get("/livez")
    async def livez() -> Alive:
        """Whether the process answers."""
        return Alive()

    @router.get("/readyz", responses=problem_responses(503))
    async def readyz() -> Ready:
        """Whether every dependency can be reached."""
        results = {name: await _ask(check) for name, check in checks.items()}
        if any(result != "ok" for result in results.values()):
            detail = "; ".join(f"{name}: {result}" for name, result in results.items() if result != "ok")
            raise Problem(503, "not-ready", detail, checks=results)
        return Ready(checks=results)

    @router.get("/metrics", include_in_schema=False)
    def metrics() -> Response:
        """Figures for Prometheus."""
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router


async def _ask(check: Check) -> str:
    try:
        await check()
    except Exception as error:  # whatever a dependency raises means that it is not ready
        return f"{type(error).__name__}: {error}"[:300]
    return "ok"


def _operation_id(route: APIRoute) -> str:
    return route.name


def json_body(model: type[BaseModel]) -> dict[str, Any]:
    """OpenAPI of a JSON body that a route reads itself, whatever Content-Type it was sent with."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}
