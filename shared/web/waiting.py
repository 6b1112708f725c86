"""Requests that wait for something: what was done for a caller that has gone is given up."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from fastapi import Request

T = TypeVar("T")


async def while_there(request: Request, doing: Coroutine[Any, Any, T]) -> T | None:
    """What comes of it; None, and it is cancelled, once nobody waits for the answer any more."""
    work, gone = asyncio.create_task(doing), asyncio.create_task(_gone(request))
    try:
        await asyncio.wait((work, gone), return_when=asyncio.FIRST_COMPLETED)
        return work.result() if work.done() else None
    finally:
        for each in (work, gone):
            each.cancel()
        await asyncio.gather(work, gone, return_exceptions=True)


async def _gone(request: Request) -> None:
    """Until the connection is closed; its body was read before."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
