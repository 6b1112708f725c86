"""`GET /`: what answers here and where to look next, for whoever comes without knowing. It asks nothing and needs no key."""

from __future__ import annotations

from fastapi import Request
from pydantic import BaseModel, Field

from shared.web.application import new_open_router


class Index(BaseModel):
    """What answers here, and where to look next."""

    name: str = Field(examples=["RingRift promotion"])
    version: str = Field(examples=["0.1.0"])
    links: dict[str, str] = Field(examples=[{"docs": "/docs", "openapi": "/openapi.json"}])


router = new_open_router("health")
ALWAYS = {"docs": "/docs", "openapi": "/openapi.json", "metrics": "/metrics"}
WHERE_THERE_ARE_EVENTS = {"asyncapi": "/asyncapi.json"}
WHERE_THERE_IS_ONE = {"status": "/status", "ready": "/readyz", "health": "/health"}


@router.get("/")
def index(request: Request) -> Index:
    """What answers here, and where to look next."""
    app = request.app
    here = app.openapi()["paths"]
    pages = ALWAYS | {name: path for name, path in WHERE_THERE_IS_ONE.items() if path in here}
    if "/v1/events" in here:
        pages |= WHERE_THERE_ARE_EVENTS
    prefix = request.scope.get("root_path", "").rstrip("/")
    links = {name: f"{prefix}{path}" for name, path in pages.items()}
    return Index(name=app.title, version=app.version, links=links)
