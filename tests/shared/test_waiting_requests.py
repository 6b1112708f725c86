"""A request that waits, and its caller who goes away meanwhile."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import FastAPI, Request

from shared.web.waiting import while_there

HEADERS = [(b"content-type", b"application/json")]
SCOPE = {
    "type": "http",
    "method": "POST",
    "path": "/wait",
    "query_string": b"",
    "headers": HEADERS,
    "http_version": "1.1",
}
BODY = {"type": "http.request", "body": b"{}", "more_body": False}


class Caller:
    """Asks an application for something that comes when `comes` is set, and has gone once `gone` is."""

    def __init__(self) -> None:
        self.asked, self.comes, self.gone = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.was_given_up = False
        self.said: list[Any] = []
        self._messages = [BODY]
        self.app = FastAPI()
        self.app.add_api_route("/wait", self._wait, methods=["POST"])

    async def ask(self) -> None:
        """Until the answer is there, or nobody wants it."""
        await self.app(SCOPE, self._receive, self._send)

    async def _wait(self, request: Request, body: dict[str, str]) -> str:
        return await while_there(request, self._something()) or "nothing"

    async def _something(self) -> str:
        self.asked.set()
        try:
            await self.comes.wait()
        except asyncio.CancelledError:
            self.was_given_up = True
            raise
        return "something"

    async def _receive(self) -> Any:
        if self._messages:
            return self._messages.pop(0)
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        self.said.append(message.get("body"))


async def test_what_is_waited_for_is_answered() -> None:
    """Once it comes."""
    caller = Caller()
    asking = asyncio.create_task(caller.ask())
    await caller.asked.wait()
    caller.comes.set()
    await asking
    assert b'"something"' in caller.said
    assert not caller.was_given_up


async def test_g06_what_a_caller_waited_for_who_has_gone_is_given_up() -> None:
    """At once, so that work is not handed to the dead."""
    caller = Caller()
    asking = asyncio.create_task(caller.ask())
    await caller.asked.wait()
    caller.gone.set()
    await asking
    assert caller.was_given_up
