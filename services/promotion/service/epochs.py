"""The ledger's epochs as people look at them and begin them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from services.promotion import announcements, repository
from services.promotion.act import Act
from services.promotion.epoch import BegunEpoch, following
from services.promotion.service.audit import record
from services.promotion.service.ledger import Ledger
from services.promotion.versions import CanonicalVersion
from shared.contract.audit_chain import Actor
from shared.contract.events.promotion import MOST_RESTORED
from shared.process.logs import get_logger

_log = get_logger(__name__)


@dataclass(frozen=True)
class Epochs:
    """Shows the epoch, and begins the next."""

    ledger: Ledger

    async def present(self) -> BegunEpoch:
        """The epoch that the ledger is in."""
        async with self.ledger.database.read() as tx:
            return await repository.epoch(tx)

    async def begin(self, by: Actor, reason: str, *, dry_run: bool) -> BegunEpoch:
        """The ledger was restored: begin an epoch, in which everybody goes by what is canonical here now. With `dry_run` nothing
        begins."""
        async with self.ledger.database.write() as tx:
            await repository.lock_epoch(tx)
            moment = await repository.audit_moment(tx, None)
            epoch = BegunEpoch(following(moment.epoch, moment.at), moment.at, by.name, reason)
            if dry_run:
                return epoch
            await record(tx, by, Act(None, "restore_ledger", reason, {"epoch": epoch.epoch}))
            await repository.begin_epoch(tx, epoch)
            for heads in _parts(await repository.heads(tx)):
                await self.ledger.emit(tx, announcements.restored(epoch.epoch, heads, reason))
        _log.warning("the ledger begins a new epoch", epoch=epoch.epoch, begun_by=by.name, reason=reason)
        return epoch


def _parts(heads: Sequence[CanonicalVersion]) -> Iterator[Sequence[CanonicalVersion]]:
    """As many of an event as it takes; none for a ledger without versions, which is told too."""
    for start in range(0, max(len(heads), 1), MOST_RESTORED):
        yield heads[start : start + MOST_RESTORED]
