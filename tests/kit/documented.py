"""Holds answers to the OpenAPI document of the process that gave them: status, media type, and JSON by its schema."""

from __future__ import annotations

import json
import re
from functools import cache

import httpx
from jsonschema_rs import Validator, validator_for
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.kit.documents import Operation, document, operations

STREAMS = ("text/event-stream", "application/jsonl")


class Documented:
    """ASGI: an application whose answers are looked at on their way. `complaints`: what its document does not say of them."""

    def __init__(self, app: ASGIApp, process: str) -> None:
        self._app, self._process = app, process
        self.complaints: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request, and look at the answer."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        answer = httpx.Response(500)
        body = b""

        async def pass_on(message: Message) -> None:
            nonlocal answer, body
            if message["type"] == "http.response.start":
                answer = httpx.Response(message["status"], headers=message["headers"])
            body += message.get("body", b"")
            await send(message)

        await self._app(scope, receive, pass_on)
        if found := complaint(self._process, scope["method"], scope["path"], answer, body):
            self.complaints.append(found)


def complaint(process: str, method: str, path: str, answer: httpx.Response, body: bytes) -> str:
    """What the document does not say of an answer, empty if it says it all. Of unknown paths and methods it says nothing."""
    operation = _operation(process, method, path)
    if operation is None:
        return ""
    told = f"{method} {path}: {answer.status_code}"
    declared = operation.described["responses"].get(str(answer.status_code))
    if declared is None:
        return f"{told} is not declared: {body[:500]!r}"
    if "content" not in declared and not body:
        return ""
    kind = answer.headers.get("content-type", "").split(";")[0]
    if kind not in declared.get("content", {}):
        return f"{told} is declared with {sorted(declared.get('content', {}))}, and came as {kind!r}"
    if not kind.endswith("json"):
        return ""
    error = next(
        iter(_validator(process, operation.name, str(answer.status_code), kind).iter_errors(json.loads(body))), None
    )
    return "" if error is None else f"{told}: {list(error.instance_path)}: {error.message[:500]}"


@cache
def _operation(process: str, method: str, path: str) -> Operation | None:
    """The operation that answers there; one without parameters in its path before one with them."""
    known = sorted((each for each in operations(process) if each.method == method), key=lambda each: "{" in each.path)
    return next((each for each in known if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", each.path), path)), None)


@cache
def _validator(process: str, name: str, status: str, kind: str) -> Validator:
    operation = next(each for each in operations(process) if each.name == name)
    schema = operation.described["responses"][status]["content"][kind]["schema"]
    return validator_for({**schema, "components": document(process)["components"]}, validate_formats=True)
