"""Readiness: every dependency is asked, and whoever asks has an answer in time."""

import asyncio

import httpx
from fastapi import FastAPI

from shared.web.answers import install_problems
from shared.web.application import health_router
from tests.kit.virtual_time import in_virtual_time


async def never() -> None:
    """A dependency that takes the question and says nothing, as a pooler does whose server is away."""
    await asyncio.Event().wait()


async def well() -> None:
    """A dependency that answers."""


async def broken() -> None:
    """A dependency that says what is wrong."""
    raise ConnectionError("refused")


@in_virtual_time
async def test_dependencies_that_say_nothing_do_not_hold_up_the_answer() -> None:
    """Several are silent: 503 within 10 seconds, with what is known of each."""
    app = FastAPI()
    app.include_router(health_router({"postgres": never, "migrations": never, "nats": broken, "store": well}))
    install_problems(app, {})
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://promotion")
    async with client, asyncio.timeout(10):
        answer = await client.get("/readyz")
    assert answer.status_code == 503
    silent = "gives no answer within 8 s"
    assert answer.json()["checks"] == {
        "postgres": silent,
        "migrations": silent,
        "nats": "ConnectionError: refused",
        "store": "ok",
    }
