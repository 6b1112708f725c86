"""Which API keys people were given for this service: the promotion service, which keeps them, is asked again and again.

While it is away those that it named last are taken. It is believed as its feed is: under the key of that edge, at its own address.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import httpx
from pydantic import BaseModel, Field, ValidationError

from shared.contract.words import DIGEST_PATTERN, KeyId, KeyName
from shared.process.credentials import AcceptedKeys, IssuedKey, Scope
from shared.process.logs import get_logger
from shared.process.tasks import Loop
from shared.service.frame import Connections

MOST_KEYS = 1000
_log = get_logger(__name__)


class _Good(BaseModel):
    id: KeyId
    name: KeyName
    scope: Scope
    hash: str = Field(pattern=DIGEST_PATTERN)


class _Answer(BaseModel):
    items: list[_Good] = Field(max_length=MOST_KEYS)


@dataclass(frozen=True)
class IssuedKeys:
    """Keeps `accepted` as the promotion service has it. `seconds`: between two questions."""

    service: str
    url: str
    accepted: AcceptedKeys
    client: httpx.AsyncClient
    seconds: float

    async def follow(self) -> None:
        """Ask for ever."""
        while True:
            await self.ask()
            await asyncio.sleep(self.seconds)

    async def ask(self) -> None:
        """Ask once, and say which were presented here meanwhile."""
        question = {"service": self.service, "used": self.accepted.used()}
        try:
            answer = await self.client.get(f"{self.url}/v1/keys/good", params=question)
            answer.raise_for_status()
            good = _Answer.model_validate_json(answer.content).items
        except (httpx.HTTPError, ValidationError) as error:
            _log.debug("issued keys unknown", error=repr(error)[:300])
            return
        self.accepted.accept(IssuedKey(**dict(each)) for each in good)


def issued_keys(to: Connections) -> dict[str, Loop]:
    """The loop of a service that asks its callers for keys; none where everybody may do everything."""
    settings = to.settings
    if not settings.asks_for_keys:
        return {}
    asking = IssuedKeys(to.name, settings.promotion_url, to.keys, to.client, settings.feed_seconds)
    return {"keys": asking.follow}
