"""The distribution service and its records on a database, and the hand of everyone who calls it; no server is needed."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from services.distribution.daemon_records import DaemonRecords
from services.distribution.delivery import Delivery, Head, assess
from services.distribution.node import Held, Node, Report
from services.distribution.service import DistributionService
from shared.contract.events import Event
from shared.contract.events.promotion import LedgerRestored, ModelPromoted, RestoredHead
from shared.messaging.inbox import Inbox
from shared.storage.artifacts import Artifact

HEX8 = "hex8_2p"
NODES = (Node("node-1", "http://node-1"), Node("node-2", "http://node-2"))


@dataclass
class Bench:
    """The service, and the hand of everyone who calls it."""

    service: DistributionService
    records: DaemonRecords
    inbox: Inbox
    folder: Path

    def take_in(self, content: bytes) -> Artifact:
        """Put bytes into the artifact store."""
        path = self.folder / uuid4().hex
        path.write_bytes(content)
        return self.service.artifacts.take_in(path)

    async def promote(self, version: int, content: bytes, epoch: int = 0) -> Head:
        """MODEL_PROMOTED arrives."""
        artifact = self.take_in(content)
        data = ModelPromoted(
            board_type="hex8", num_players=2, version=version, digest=artifact.digest, size=artifact.size,
            decision_id=uuid4(), kind="automatic", epoch=epoch,
        )  # fmt: skip
        await self.inbox.handle(Event.of(data, source="/services/promotion"))
        return Head(HEX8, version, artifact.digest, artifact.size, epoch)

    async def restored(self, epoch: int, *heads: Head) -> None:
        """LEDGER_RESTORED arrives: these are canonical in it."""
        told = [
            RestoredHead(configuration=each.configuration, version=each.version, digest=each.digest, size=each.size)
            for each in heads
        ]
        data = LedgerRestored(epoch=epoch, heads=told, reason="a test")
        await self.inbox.handle(Event.of(data, source="/services/promotion"))

    async def report(self, node: str, head: Head, held: Head | None) -> None:
        """A visit: the node holds `held`, and is to hold `head`."""
        models = {HEX8: Held(held.version, held.digest, held.size, held.epoch)} if held else {}
        report = Report(node, models)
        await self.records.record_report(node, report, [assess(head, report)])

    async def deliveries(self) -> dict[tuple[int, str], Delivery]:
        """Every delivery, by version and node."""
        return {(each.version, each.node): each for each in await self.service.deliveries(HEX8, None, 1000)}

    async def states(self) -> dict[tuple[int, str], str]:
        """The state of every delivery, by version and node."""
        return {key: str(each.state) for key, each in (await self.deliveries()).items()}

    async def said(self, short: str) -> list[Any]:
        """The data of the events DISTRIBUTION_..., oldest first."""
        async with self.service.database.read() as tx:
            events = await self.service.outbox.recent(tx, 1000)
        return [event.data for event in events[::-1] if event.type == f"DISTRIBUTION_{short}"]
