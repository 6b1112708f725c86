"""What a process has to know when a proxy stands in front of it: the path that it is shown under, who the proxy says is calling,
and what the proxy may not do to its answers. It decides nothing about keys.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from shared.process.http_settings import HttpSettings

STREAMED = "text/event-stream"


class BehindProxy:
    """ASGI middleware, outermost of all. The proxy may take the prefix off a path or leave it on: both are served.

    Locations in answers are paths under the prefix, whatever host and scheme the proxy named in its request.
    """

    def __init__(self, app: ASGIApp, settings: HttpSettings) -> None:
        trusted = list(settings.trusted_proxies)
        self._app: ASGIApp = ProxyHeadersMiddleware(app, trusted) if trusted else app  # type: ignore[arg-type, assignment]
        self._root = settings.root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request under the prefix."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        host = Headers(scope=scope).get("host", "")

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._mend(MutableHeaders(scope=message), host)
            await send(message)

        await self._app(_under(self._root, scope), receive, answer)

    def _mend(self, headers: MutableHeaders, host: str) -> None:
        if "location" in headers:
            headers["location"] = self._location(headers["location"], host)
        if headers.get("content-type", "").startswith(STREAMED):
            headers["cache-control"] = "no-cache, no-transform"

    def _location(self, target: str, host: str) -> str:
        """A target on this host as a path under the prefix; another as it is."""
        parts = urlsplit(target)
        if parts.netloc not in ("", host) or not parts.path.startswith("/"):
            return target
        prefix = "" if _is_under(self._root, parts.path) else self._root
        return prefix + parts._replace(scheme="", netloc="").geturl()


def own_path(scope: Scope) -> str:
    """The path of a request as the suite's routes have it, without the prefix."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))


def _under(root: str, scope: Scope) -> Scope:
    """The scope as ASGI wants it: the path has the prefix, and `root_path` says which."""
    if not root:
        return scope
    path, raw = scope["path"], scope.get("raw_path") or b""
    if path == root:
        path, raw = path + "/", raw + b"/"
    elif not _is_under(root, path):
        path, raw = root + path, root.encode() + raw
    return {**scope, "root_path": root, "path": path, "raw_path": raw}


def _is_under(root: str, path: str) -> bool:
    return path == root or path.startswith(f"{root}/")
