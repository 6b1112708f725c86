"""`GET /`: what answers here and where to look next, for whoever comes without knowing. It asks nothing and needs no key."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import BaseModel


class Index(BaseModel):
    """What answers here, and where to look next."""

    name: str
    version: str
    links: dict[str, str]


router = APIRouter(tags=["health"])
ALWAYS = {"docs": "/docs", "openapi": "/openapi.json", "metrics": "/metrics"}
WHERE_THERE_IS_ONE = {"status": "/status", "ready": "/readyz", "health": "/health"}


@router.get("/")
def index(request: Request) -> Index:
    """What answers here, and where to look next."""
    app = request.app
    here = app.openapi()["paths"]
    pages = ALWAYS | {name: path for name, path in WHERE_THERE_IS_ONE.items() if path in here}
    prefix = request.scope.get("root_path", "").rstrip("/")
    links = {name: f"{prefix}{path}" for name, path in pages.items()}
    return Index(name=app.title, version=app.version, links=links)
