"""Going back by itself: a version that was found wrong in its waves, where the rules of this service say so.

The distribution service only says what it wants. Whether the pointer moves is decided here, by the ledger as it is now.
"""

from __future__ import annotations

from dataclasses import dataclass

from services.promotion import repository
from services.promotion.disposition import PromotionRules
from services.promotion.errors import BytesMissingError, HeldError, UnknownError
from services.promotion.service.ledger import Ledger
from services.promotion.service.pointer import Pointer
from services.promotion.versions import CanonicalVersion
from shared.contract.audit_chain import Actor
from shared.contract.events.distribution import DistributionFailed
from shared.contract.words import LONGEST_PERSONS_REASON, storable
from shared.process.logs import get_logger
from shared.storage.database import Write

_log = get_logger(__name__)


@dataclass(frozen=True)
class FallingBack:
    """Rolls back what failed on the nodes."""

    ledger: Ledger
    pointer: Pointer
    rules: PromotionRules

    async def failed(self, tx: Write, data: DistributionFailed) -> None:
        """Make the version before canonical again, if that is wanted and nothing speaks against it; the log says what does."""
        if data.wanted != "rollback":
            return
        await repository.lock_configuration(tx, data.subject)
        why_not = _against(self.rules, await repository.head(tx, data.subject), data)
        if why_not is None:
            reason = storable(f"something was wrong in its waves: {data.reason}", LONGEST_PERSONS_REASON - 100)
            try:
                head = await self.pointer.go_back(tx, data.subject, Actor(self.ledger.source), reason)
                _log.warning(
                    "rolled back", configuration=data.subject, version=data.version, to=head.version, why=reason
                )
            except (UnknownError, HeldError, BytesMissingError) as error:
                why_not = str(error)
        if why_not is not None:
            about = {"configuration": data.subject, "version": data.version}
            _log.warning("not rolled back", **about, wanted=data.reason, why=why_not)


def _against(rules: PromotionRules, head: CanonicalVersion | None, data: DistributionFailed) -> str | None:
    """Why a version is not rolled back."""
    if not rules.roll_back_failed:
        return "RINGRIFT_ROLL_BACK_FAILED is not set"
    if head is None or (head.version, head.digest) != (data.version, data.digest):
        return f"version {data.version} with that digest is not canonical"
    if head.kind == "rollback":
        return f"version {head.version} is a rollback itself; a person has to look"
    return None
