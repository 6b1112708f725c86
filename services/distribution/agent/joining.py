"""Registers the node at the distribution service, again and again, wherever it moves and whatever the service forgot."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass

import httpx

from services.distribution.agent.schemas import JoinRequest
from shared.process.http_client import bounded
from shared.process.logs import get_logger
from shared.process.repeated import RepeatedLog

FIRST_PAUSE = 1.0
"""Seconds after a first failure; they double up to those between two registrations."""
SPREAD = 0.2
"""Part of a pause by which it may be shorter or longer, so that agents that were started together do not ask together."""
MOST_ANSWER_BYTES = 64 * 1024
_log = get_logger(__name__)


class JoinRefusedError(Exception):
    """The service does not take this agent for that node; the text says why."""


@dataclass(frozen=True)
class Joiner:
    """`url`: of the distribution service; `seconds`: from one registration to the next."""

    client: httpx.AsyncClient
    url: str
    token: str
    request: JoinRequest
    seconds: float

    async def join_for_ever(self) -> None:
        """Register for ever; what goes wrong is said and tried again."""
        said, pause = RepeatedLog(_log, "join"), FIRST_PAUSE
        while True:
            try:
                await self.join()
            except (httpx.HTTPError, JoinRefusedError) as error:
                said.failed(error)
                pause = min(2 * pause, self.seconds)
            else:
                said.worked()
                pause = self.seconds
            await asyncio.sleep(pause * random.uniform(1 - SPREAD, 1 + SPREAD))

    async def join(self) -> None:
        """Register once. httpx.HTTPError if the service is away, JoinRefusedError if it refuses."""
        answer = await self.client.request(
            "POST",
            f"{self.url}/v1/nodes/join",
            content=self.request.model_dump_json(exclude_none=True),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
            auth=None,
            extensions=bounded(MOST_ANSWER_BYTES),
        )
        if not answer.is_success:
            raise JoinRefusedError(f"{answer.status_code}: {_detail(answer)}")


def _detail(answer: httpx.Response) -> str:
    try:
        said = answer.json()
    except ValueError:
        said = {}
    return str(said.get("detail") if isinstance(said, dict) else "")[:300]
