"""The use cases of one node's agent: what it says of itself, and the orders it takes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from services.distribution.agent.fetch import Fetcher
from services.distribution.agent.schemas import (
    DamagedModel,
    Health,
    HeldModel,
    ModelOrder,
    NodeReport,
    OrderState,
    Reload,
)
from services.distribution.agent.sources import require_source
from services.distribution.agent.store import ModelStore
from shared.contract.signed_pointer import Pointed
from shared.process.release import VERSION


class NotPlayedError(Exception):
    """The node does not hold models of that configuration; the text says which it does."""


class NotProvenError(Exception):
    """The signed pointer does not name what was ordered; the text says what it names, or why it cannot be believed."""


class Proof(Protocol):
    """What is canonical, by somebody whom this machine trusts more than the order."""

    async def require(self, wanted: Pointed) -> None:
        """NotProvenError unless just that is canonical."""


@dataclass(frozen=True)
class AgentService:
    """`distribution_url`: the service that models are fetched from; `sources`: other servers whose addresses orders may name;
    `proof`: asked before any order is taken."""

    node: str
    distribution_url: str
    store: ModelStore
    fetcher: Fetcher
    sources: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    reloads: Mapping[str, Reload] = field(default_factory=dict)
    proof: Proof | None = None
    swarm_port: Callable[[], int | None] = lambda: None

    async def health(self) -> Health:
        """The node at a glance."""
        free = await asyncio.to_thread(self.store.free_bytes)
        return Health(status="healthy", node=self.node, free_disk_bytes=free, models=await self._held())

    async def report(self) -> NodeReport:
        """What is on the disk, and the transfers under way or failed."""
        models, damaged = await asyncio.to_thread(self.store.inventory)
        return NodeReport(
            node=self.node,
            models={key: HeldModel.model_validate(model) for key, model in models.items()},
            fetches=dict(self.fetcher.progress),
            fetched=dict(self.fetcher.fetched),
            swarm_port=self.swarm_port(),
            damaged={key: DamagedModel.model_validate(each) for key, each in damaged.items()},
            agent_version=VERSION,
            free_bytes=await asyncio.to_thread(self.store.free_bytes),
            labels=dict(self.labels),
            plays=sorted(self.store.plays) or None,
            reloads={key: each for key, each in self.reloads.items() if key in models},
            instance=self.store.instance,
            clock=datetime.now(UTC),
        )

    async def take(self, configuration: str, order: ModelOrder) -> OrderState:
        """Hold a version: at once if its bytes are here, otherwise they are fetched. VersionRefusedError for a step down,
        SourceRefusedError, NotPlayedError, NotProvenError."""
        expected = f"{self.distribution_url.rstrip('/')}/v1/artifacts/{order.digest}"
        require_source(order.source, order.address, expected, self.sources)
        if not self.store.is_played(configuration):
            raise NotPlayedError(f"this node holds {', '.join(sorted(self.store.plays))} only, and not {configuration}")
        if self.proof is not None:
            await self.proof.require(Pointed(configuration, order.version, order.digest, order.size, order.epoch))
        held = await asyncio.to_thread(self.store.admit, configuration, order.version, order.digest, order.epoch)
        if held:
            self.fetcher.published.set()
        else:
            await self.fetcher.start(configuration, order)
        return OrderState(state="held" if held else "fetching", version=order.version, digest=order.digest)

    async def _held(self) -> dict[str, HeldModel]:
        models = await asyncio.to_thread(self.store.models)
        return {key: HeldModel.model_validate(model) for key, model in models.items()}
