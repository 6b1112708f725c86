"""API keys as people make and revoke them, and as services ask which are good."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass

from services.promotion import repository
from services.promotion.act import Act
from services.promotion.api_key import MOST_KEYS, ApiKey, Secret, WantedKey, require_reach
from services.promotion.errors import TooManyKeysError
from services.promotion.service.audit import record
from services.promotion.service.ledger import known
from shared.contract.audit_chain import Actor
from shared.contract.words import ServiceName
from shared.process.credentials import AcceptedKeys, Caller, IssuedKey
from shared.storage.database import Database

OWN: ServiceName = "promotion"
SWEEP_SECONDS = 2.0
"""Within which what another process of this service revoked is refused here."""


@dataclass(frozen=True)
class Keys:
    """Makes keys, revokes them, and says which are good. `accepted`: those that this process takes."""

    database: Database
    accepted: AcceptedKeys

    async def create(self, wanted: WantedKey, by: Actor, caller: Caller) -> tuple[ApiKey, Secret]:
        """A new key, with the secret that nobody is told again. KeyTooStrongError, TooManyKeysError."""
        require_reach(caller, wanted.scope)
        secret = Secret.new(secrets.token_hex)
        async with self.database.write() as tx:
            good = await repository.good_keys(tx, wanted.service, MOST_KEYS)
            if len(good) == MOST_KEYS:
                raise TooManyKeysError(f"{MOST_KEYS} keys of {wanted.service} are good, as many as may be; revoke some")
            made = await repository.add_key(tx, secret, wanted, by.name)
            about = {"key_id": made.id, "name": made.name, "service": made.service, "scope": made.scope}
            await record(tx, by, Act(None, "create_key", wanted.reason, about))
        return made, secret

    async def revoke(self, key_id: str, by: Actor, caller: Caller, because: str) -> ApiKey:
        """End a key, which stays ended. UnknownError, KeyTooStrongError."""
        async with self.database.write() as tx:
            present = known(await repository.key(tx, key_id), f"key {key_id}")
            require_reach(caller, present.scope)
            if await repository.revoke_key(tx, key_id, by.name, because):
                about = {"key_id": key_id, "name": present.name, "service": present.service, "scope": present.scope}
                await record(tx, by, Act(None, "revoke_key", because, about))
            return known(await repository.key(tx, key_id), f"key {key_id}")

    async def page(self, service: ServiceName | None, before: str | None, limit: int, *, revoked: bool) -> list[ApiKey]:
        """Keys, newest first."""
        async with self.database.read() as tx:
            return await repository.list_keys(tx, service, before, limit, revoked=revoked)

    async def good(self, service: ServiceName, used: Collection[str]) -> list[IssuedKey]:
        """The keys that a service accepts now. `used`: those that were presented to it since it asked last."""
        if used:
            async with self.database.write(quiet=True) as tx:
                await repository.note_use(tx, service, used)
        async with self.database.read() as tx:
            return await repository.good_keys(tx, service, MOST_KEYS)

    async def follow(self) -> None:
        """Accept here what is good, after every change and every few seconds, for ever."""
        async for _ in self.database.changes(SWEEP_SECONDS):
            self.accepted.accept(await self.good(OWN, self.accepted.used()))
