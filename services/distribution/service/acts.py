"""What people do at this service, said in the transaction in which they do it: the promotion service keeps the audit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.contract.audit_chain import Actor
from shared.contract.events import Event
from shared.contract.events.distribution import DistributionActed
from shared.messaging.outbox import Outbox
from shared.storage.database import Write


@dataclass(frozen=True)
class Acts:
    """`source`: of the events."""

    outbox: Outbox
    source: str

    async def say(
        self, tx: Write, by: Actor | None, action: str, about: Mapping[str, str | int], reason: str | None = None,
        configuration: str | None = None,
    ) -> None:  # fmt: skip
        """Somebody did something; None for `by` is nobody, of whom nothing is said."""
        if by is None:
            return
        said: dict[str, Any] = {
            "action": action,
            "configuration": configuration,
            "about": dict(about),
            "reason": reason,
        }
        data = DistributionActed.model_validate({**said, "actor": by.name, "address": by.address})
        await self.outbox.add(tx, Event.of(data, source=self.source))
