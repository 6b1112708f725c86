"""Where the gate policy of an evaluation comes from: the promotion service, which owns it.

What it said last is remembered, so that games are played while it is away: should the policy have changed meanwhile, the evidence
names the one that it was played under, and the promotion service has it evaluated again. Decides nothing.
"""

from __future__ import annotations

import asyncio
from typing import Protocol, Self, TypeVar

import httpx
from pydantic import BaseModel, ValidationError, model_validator

from services.gauntlet import repository
from shared.contract.configuration import Configuration
from shared.contract.policy import GatePolicy, PolicyId
from shared.contract.words import ConfigurationKey
from shared.process.logs import get_logger
from shared.storage.database import Database

REFRESH_SECONDS = 60.0
RETRY_SECONDS = 1.0
_log = get_logger(__name__)
Answer = TypeVar("Answer", bound=BaseModel)


class PolicyUnknownError(Exception):
    """The policy cannot be had just now; the text says why, in the same words each time."""


class PromotionAwayError(PolicyUnknownError):
    """The promotion service cannot be reached, whatever one would ask it."""


class Policies(Protocol):
    """Who knows the policies. PolicyUnknownError if one cannot be had."""

    async def policy(self, configuration: Configuration, games: int | None) -> GatePolicy: ...


class _Answer(BaseModel):
    id: PolicyId
    configuration: ConfigurationKey
    gates: GatePolicy

    @model_validator(mode="after")
    def _names_what_it_holds(self) -> Self:
        if self.id != self.gates.id:
            raise ValueError(f"it names policy {self.id} and shows {self.gates.id}")
        return self


class _Answers(BaseModel):
    items: list[_Answer]


class PromotionPolicies:
    """The promotion service, asked over HTTP. `url` is its address."""

    def __init__(self, client: httpx.AsyncClient, url: str) -> None:
        self._client, self._url = client, url.rstrip("/")

    async def policy(self, configuration: Configuration, games: int | None) -> GatePolicy:
        """The policy in force, with another number of games if given."""
        path = f"/v1/configurations/{configuration}/policy"
        answer = await self.read(path, _Answer, {} if games is None else {"games": games})
        if answer.configuration != str(configuration):
            raise PolicyUnknownError(f"{self._url}{path} names the policy of {answer.configuration}")
        if games not in (None, answer.gates.games):
            raise PolicyUnknownError(f"{self._url}{path} names a policy of {answer.gates.games} games, not of {games}")
        return answer.gates

    async def all(self) -> dict[Configuration, GatePolicy]:
        """The policy in force for every configuration."""
        answers = await self.read("/v1/policies", _Answers, {})
        return {Configuration.parse(each.configuration): each.gates for each in answers.items}

    async def read(self, path: str, model: type[Answer], params: dict[str, int], noun: str = "policy") -> Answer:
        """What it answers, as this model; `noun`: what that is."""
        url = self._url + path
        try:
            answer = await self._client.get(url, params=params)
            answer.raise_for_status()
            return model.model_validate_json(answer.content)
        except httpx.TransportError as error:
            raise PromotionAwayError(f"{url}: {error!r}") from None
        except httpx.HTTPError as error:
            raise PolicyUnknownError(f"{url}: {error!r}") from None
        except ValidationError as error:
            raise PolicyUnknownError(f"{url} answered no {noun}: {error.errors()[0]['msg']}") from None


class RememberedPolicies:
    """The promotion service's policies, and while it is away those that it named last."""

    def __init__(self, promotion: PromotionPolicies, database: Database) -> None:
        self._promotion, self._database = promotion, database

    async def policy(self, configuration: Configuration, games: int | None) -> GatePolicy:
        """The policy in force, or the last that was known, with another number of games if given."""
        try:
            return await self._promotion.policy(configuration, games)
        except PolicyUnknownError as error:
            async with self._database.read() as tx:
                remembered = await repository.remembered_policy(tx, configuration)
            if remembered is None:
                raise
            _log.info("policy from memory", configuration=str(configuration), policy=remembered.id, error=str(error))
            return remembered.model_copy(update={} if games is None else {"games": games})

    async def follow(self) -> None:
        """Remember every policy, now and again, for ever."""
        while True:
            known = await self._remember_all()
            await asyncio.sleep(REFRESH_SECONDS if known else RETRY_SECONDS)

    async def require_one(self) -> None:
        """Raise until a policy was ever read: without one nothing can be played."""
        async with self._database.read() as tx:
            if not await repository.knows_a_policy(tx):
                raise PolicyUnknownError("the promotion service has named no gate policy yet")

    async def _remember_all(self) -> bool:
        try:
            known = await self._promotion.all()
        except PolicyUnknownError as error:
            _log.debug("policies unknown", error=str(error))
            return False
        async with self._database.write(quiet=True) as tx:
            for configuration, policy in known.items():
                await repository.remember_policy(tx, configuration, policy)
        return True
