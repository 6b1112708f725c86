"""The signed pointer: signed after every promotion, and again before it expires, with the key that the newest root names.

Versions are the seconds of the clock at least, so that they go on upwards after a ledger was restored from a backup.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from services.promotion import repository
from services.promotion.errors import UnknownError
from services.promotion.repository.signed_pointer import Signed
from shared.contract.signed_pointer import Pointed, root_version
from shared.process.logs import get_logger
from shared.process.repeated import RepeatedLog
from shared.storage.database import Database, Read

LOOK_SECONDS = 30.0
"""How often it is looked whether it has to be signed, where nothing was promoted."""
_log = get_logger(__name__)


class NotSignedError(Exception):
    """The pointer could not be signed; the text says why."""


class Signing(Protocol):
    """Keys and roots. Blocks."""

    def root(self, version: int) -> bytes | None: ...
    def sign(self, pointed: Iterable[Pointed], version: int, expires: datetime) -> Mapping[str, bytes]: ...


@dataclass
class SignedPointer:
    """`keys`: None where nothing is signed; `seconds`: for which it is good; `now`: the clock."""

    database: Database
    keys: Signing | None
    seconds: float
    now: Callable[[], datetime]
    _said: RepeatedLog = field(default_factory=lambda: RepeatedLog(_log, "signing the pointer"), init=False)
    _trouble: str | None = field(default=None, init=False)

    async def follow(self) -> None:
        """Sign whatever is to be signed, for ever. What fails is said, and tried again."""
        async for _ in self.database.changes(LOOK_SECONDS):
            try:
                await self.renew()
            except Exception as error:
                self._trouble = str(error) or repr(error)
                self._said.failed(error)
            else:
                self._trouble = None
                self._said.worked()

    async def renew(self) -> None:
        """Sign, unless what was signed last says the same and is good for half of its time."""
        if self.keys is None or not await self._is_due():
            return
        async with self.database.write(quiet=True) as tx:
            await repository.lock_signing(tx)
            before, pointed, now = await repository.signed(tx), await self._pointed(tx), self.now()
            version = max(int(now.timestamp()), before.version + 1 if before else 1)
            made = Signed(version, now.replace(microsecond=0) + timedelta(seconds=self.seconds), pointed)
            files = await asyncio.to_thread(self.keys.sign, pointed, version, made.expires_at)
            await repository.record_signed(tx, made, files)
        _log.info("pointer signed", version=version, expires_at=made.expires_at.isoformat(), targets=len(pointed))

    async def file(self, name: str) -> bytes:
        """A file of the metadata by its name. UnknownError."""
        if self.keys is None:
            raise UnknownError("the pointer is not signed here; RINGRIFT_POINTER_DIR names the folder of its keys")
        version = root_version(name)
        if version is not None:
            content = await asyncio.to_thread(self.keys.root, version)
        else:
            async with self.database.read() as tx:
                content = await repository.signed_file(tx, name)
        if content is None:
            raise UnknownError(f"there is no {name}, or not any more")
        return content

    async def check(self) -> None:
        """NotSignedError if the pointer could not be signed."""
        if self._trouble is not None:
            raise NotSignedError(self._trouble)

    async def _is_due(self) -> bool:
        async with self.database.read() as tx:
            before, pointed = await repository.signed(tx), await self._pointed(tx)
        if before is None:
            return True
        left = (before.expires_at - self.now()).total_seconds()
        return not self.seconds / 2 < left <= self.seconds or list(before.pointed) != pointed

    async def _pointed(self, tx: Read) -> list[Pointed]:
        """What is canonical."""
        epoch = (await repository.epoch(tx)).epoch
        heads = await repository.heads(tx)
        return [Pointed(each.configuration, each.version, each.digest, each.size, epoch) for each in heads]
