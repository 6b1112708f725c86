"""A running suite with a key for each edge and an attacker's nodes among its own, and the count of all that was tried."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from local.suite import SERVICES, Addresses, Suite
from shared.messaging.bus import Bus
from shared.messaging.permissions import STREAM
from shared.storage.files import digest_of
from tests.kit.operator import DEMO, HEX8
from tests.kit.waiting import async_until, until
from tests.suite.edges.credentials import Ring
from tests.suite.edges.doors import Door, doors
from tests.suite.edges.liars import Liars, lies

LEDGER = (
    "promotion.artifacts", "promotion.promotion_requests", "promotion.policies", "promotion.evaluations",
    "promotion.evaluation_opponents", "promotion.decisions", "promotion.canonical_versions", "promotion.audit",
    "promotion.holds", "promotion.approvals", "promotion.waivers", "promotion.policy_versions",
    "promotion.api_keys", "promotion.curriculum", "promotion.webhooks", "promotion.epochs",
    "distribution.canonical",
)  # fmt: skip
CANONICAL = ("promotion.canonical_versions", "distribution.canonical")
DIGESTS = {name: digest_of(DEMO / f"{HEX8}_{name}.pth") for name in ("untrained", "trained", "successor")}


@dataclass
class Siege:
    """The suite under attack. `tried` counts; `accepted` names what should have been refused and was not."""

    suite: Suite
    ring: Ring
    liars: Liars
    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=30, trust_env=False))
    tried: int = 0
    accepted: list[str] = field(default_factory=list)

    def attempt(self, what: str, *, accepted: bool) -> None:
        """Count one."""
        self.tried += 1
        if accepted:
            self.accepted.append(what)

    def url(self, name: str) -> str:
        """Where a process is."""
        return self.suite.addresses.url(name)

    def operator(self, method: str, service: str, path: str, body: Any = None) -> httpx.Response:
        """What the operator is answered."""
        return self.client.request(
            method, self.url(service) + path, json=body, headers=self.bearer("operator", service)
        )

    def bearer(self, holder: str, receiver: str) -> dict[str, str]:
        """The header with the key of an edge."""
        return {"Authorization": f"Bearer {self.ring.key(holder, receiver)}"}

    def events(self, service: str, event_type: str) -> list[Any]:
        """A service's events of a type, oldest first."""
        page = self.operator("GET", service, f"/v1/events?type={event_type}&limit=1000")
        assert page.is_success, page.text
        return list(page.json()["items"])

    def canonical(self) -> tuple[int, str] | None:
        """Version and digest that the ledger names."""
        answer = self.operator("GET", "promotion", f"/v1/configurations/{HEX8}/canonical")
        return (answer.json()["version"], answer.json()["digest"]) if answer.is_success else None

    def rows(self, tables: tuple[str, ...] = LEDGER) -> dict[str, str]:
        """Every row of some tables, as text."""
        select = "SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) || ' ' || count(*) FROM {} t"
        return {table: self.suite.postgres.execute(select.format(table), database="ringrift") for table in tables}

    def pointers(self) -> dict[str, str]:
        """What each node has on its disk, with the version it says, and the canonical file of the models folder."""
        disks = {name: self.suite.folder / "nodes" / name for name in self.suite.addresses.nodes}
        states = {name: (disk / "state" / f"{HEX8}.json").read_text() for name, disk in disks.items()}
        files = {name: digest_of(disk / "models" / f"canonical_{HEX8}.pth") for name, disk in disks.items()}
        kept = digest_of(self.suite.models / f"canonical_{HEX8}.pth")
        return {**{name: f"{files[name]} {states[name]}" for name in disks}, "models": kept}

    def nodes(self) -> dict[str, str]:
        """The registered nodes, with their addresses."""
        return {each["name"]: each["url"] for each in self.operator("GET", "distribution", "/v1/nodes").json()["items"]}

    def holds(self, name: str, version: int) -> bool:
        """Whether a demo model is canonical under that version, and on every disk."""
        held = f'"version":{version},'
        return (
            self.canonical() == (version, DIGESTS[name])
            and all(
                (self.suite.folder / "nodes" / node / "state" / f"{HEX8}.json").exists()
                for node in self.suite.addresses.nodes
            )
            and all(DIGESTS[name] in at and held in at for node, at in self.pointers().items() if node != "models")
        )

    def doors(self, stands_for: Mapping[str, str], bodies: Mapping[str, Any]) -> list[Door]:
        """Every door of every process that is not open to all."""
        found: list[Door] = []
        for name in self.suite.addresses.all:
            document = self.client.get(f"{self.url(name)}/openapi.json").json()
            found.extend(doors(name, document, stands_for, bodies))
        return found

    def is_settled(self) -> bool:
        """Whether every evaluation that there is has ended, and is decided."""
        evaluations = self.operator("GET", "gauntlet", "/v1/evaluations?limit=1000").json()["items"]
        decided = len(self.operator("GET", "promotion", "/v1/decisions?limit=1000").json()["items"])
        completed = sum(each["state"] == "completed" for each in evaluations)
        return decided >= completed and all(each["state"] in ("completed", "failed") for each in evaluations)

    async def drained(self, bus: Bus) -> None:
        """Wait until every service has taken everything off the bus."""
        jetstream = (await bus.connect()).jetstream()

        async def empty() -> bool:
            infos = [await jetstream.consumer_info(STREAM, name) for name in SERVICES]
            return not any(each.num_pending or each.num_ack_pending for each in infos)

        await async_until(empty, 60)


@contextmanager
def siege() -> Iterator[Siege]:
    """A suite of three nodes on which `trained` was version 1, `successor` is version 2, and `untrained` failed."""
    with tempfile.TemporaryDirectory(prefix="ringrift-tests-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        ring, settings = Ring.new(), {"RINGRIFT_FEED_SECONDS": "0.5"}
        suite = Suite(Path(folder), Addresses.free(nodes=3), durable=False, settings=settings, own=ring.own)
        leads = {"nodes": "distribution", "promotion": "promotion"}
        assert suite.chosen is not None
        paths = {"nodes": "/v1/nodes/node-1", "promotion": "/admin/promote"}
        targets = {name: suite.chosen.url(service) + paths[name] for name, service in leads.items()}
        liars = Liars(lies(DIGESTS["untrained"], targets))
        with liars.serving(), suite.running(lambda _: None):
            held = Siege(suite, ring, liars)
            with held.client:
                _prepare(held)
                yield held


def _prepare(siege: Siege) -> None:
    for node in siege.liars.answers:
        body = {"name": node, "url": f"{siege.liars.url}/{node}"}
        assert siege.operator("POST", "distribution", "/v1/nodes", body).is_success
    for name in DIGESTS:
        shutil.copy(DEMO / f"{HEX8}_{name}.pth", siege.suite.models / f"{name}.pth")
    data: dict[str, Any] = {"board_type": "hex8", "num_players": 2, "model_path": "models/trained.pth"}
    event: dict[str, Any] = {
        "specversion": "1.0",
        "id": "first",
        "source": "/t",
        "type": "TRAINING_COMPLETED",
        "data": data,
    }
    announced = siege.client.post(
        f"{siege.url('gauntlet')}/v1/trainings",
        content=json.dumps(event),
        headers=siege.bearer("trainer", "gauntlet") | {"Content-Type": "application/cloudevents+json"},
    )
    assert announced.status_code == 202, announced.text
    _eventually(siege, lambda: siege.holds("trained", 1))
    for name in ("successor", "untrained"):
        body = data | {"model_path": f"models/{name}.pth"}
        asked = siege.operator("POST", "promotion", "/admin/promote", body).json()
        _eventually(siege, lambda asked=asked: _is_closed(siege, asked["id"]))
    _eventually(siege, lambda: siege.holds("successor", 2))
    _eventually(siege, lambda: {each.node for each in siege.liars.seen} == set(siege.liars.answers))


def _is_closed(siege: Siege, request: str) -> bool:
    found = siege.operator("GET", "promotion", f"/v1/promotion-requests/{request}").json()
    return bool(found["state"] != "open")


def _eventually(siege: Siege, question: Any) -> None:
    until(question, 240, lambda: siege.suite.log.read_text()[-3000:])
