"""Who may call a service: API keys with a scope, compared by hash.

Without keys a service listens on loopback only (the settings see to that) and everyone there may do everything.
Scopes, each including the ones before it: `read`, `operate`.
"""

from __future__ import annotations

import hashlib
import hmac

from fastapi import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

SCOPES = ("read", "operate")
OPEN_PATHS = ("/livez", "/readyz", "/health")


def parse_keys(keys: tuple[str, ...]) -> dict[str, str]:
    """Scope by key hash. ValueError if an entry is not `name:scope:sha256`."""
    parsed: dict[str, str] = {}
    for entry in keys:
        parts = entry.split(":")
        if len(parts) != 3 or parts[1] not in SCOPES or len(parts[2]) != 64:
            raise ValueError("an API key entry must be name:scope:sha256-of-the-key, with scope read or operate")
        parsed[parts[2].lower()] = parts[1]
    return parsed


def authorization(api_key: str | None) -> dict[str, str]:
    """The header with which this process calls the others."""
    return {"Authorization": f"Bearer {api_key}"} if api_key else {}


class KeyMiddleware:
    """ASGI middleware that refuses requests without a sufficient key; reading needs `read`, changing needs `operate`."""

    def __init__(self, app: ASGIApp, keys: tuple[str, ...]) -> None:
        self._app, self._keys = app, parse_keys(keys)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request pass, or answer 401 or 403."""
        refusal = self._refuse(Request(scope)) if scope["type"] == "http" and self._keys else None
        await (refusal or self._app)(scope, receive, send)

    def _refuse(self, request: Request) -> JSONResponse | None:
        if request.url.path in OPEN_PATHS:
            return None
        scope = self._scope(request.headers.get("authorization", ""))
        if scope is None:
            return _refusal(401, "unauthorized", "give an API key as `Authorization: Bearer KEY`")
        needed = "read" if request.method in ("GET", "HEAD") else "operate"
        if SCOPES.index(scope) < SCOPES.index(needed):
            return _refusal(403, "forbidden", f"this key has the scope {scope}; {needed} is needed")
        return None

    def _scope(self, header: str) -> str | None:
        digest = hashlib.sha256(header.removeprefix("Bearer ").encode()).hexdigest()
        return next((scope for known, scope in self._keys.items() if hmac.compare_digest(known, digest)), None)


def _refusal(status: int, slug: str, detail: str) -> JSONResponse:
    body = {"type": f"urn:ringrift:problem:{slug}", "title": slug.capitalize(), "status": status, "detail": detail}
    return JSONResponse(body, status, media_type="application/problem+json")
