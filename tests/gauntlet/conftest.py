"""A gauntlet service on a database, a bus and folders of a test's own; its workers are real processes."""

import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.gauntlet.app import create_app
from services.gauntlet.settings import GauntletSettings
from shared.contract.events import Event, EventData
from shared.contract.policy import GatePolicy
from shared.messaging.bus import Bus
from shared.service.migrations import migrate
from tests.gauntlet.neighbours import PolicyGiver
from tests.gauntlet.trial import Trial, trial_on
from tests.kit.documented import Documented
from tests.kit.servers import Migrate
from tests.kit.waiting import async_until

DEMO = Path(__file__).resolve().parents[2] / "models" / "demo"


@pytest.fixture(scope="session")
def database_template(make_template: Callable[[str, Migrate], str]) -> str:
    """Every test's database has the gauntlet service's schema."""
    return make_template("gauntlet", lambda url: migrate(url, ("gauntlet",)))


@pytest.fixture
async def trial(database_url: str, tmp_path: Path) -> AsyncIterator[Trial]:
    """The use cases on a database of their own."""
    async with trial_on(database_url, tmp_path) as running:
        yield running


@dataclass
class Suite:
    """The service, and what a test does to it."""

    app: FastAPI
    client: httpx.AsyncClient
    bus: Bus
    models: Path
    promotion: PolicyGiver

    def add_demo_model(self, name: str = "trained") -> str:
        """Put a demo model into the models folder; returns its path as events name it."""
        shutil.copy(DEMO / f"hex8_2p_{name}.pth", self.models / f"{name}.pth")
        return f"models/{name}.pth"

    async def get(self, path: str) -> Any:
        """A successful GET's JSON."""
        answer = await self.client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def eventually(self, question: Callable[[], Any]) -> Any:
        """The first true answer; a test fails if there is none in time."""
        return await async_until(question, 120)

    async def ask(self, **body: Any) -> Any:
        """Post a request for an evaluation; returns it."""
        answer = await self.client.post("/v1/evaluations", json={"board_type": "hex8", "num_players": 2, **body})
        assert answer.status_code == 202, answer.text
        return answer.json()

    async def ended(self, evaluation_id: str) -> Any:
        """An evaluation, once it has ended."""

        async def over() -> Any:
            found = await self.get(f"/v1/evaluations/{evaluation_id}")
            return found if found["state"] in ("completed", "failed") else None

        return await self.eventually(over)

    async def playing(self, evaluation_id: str) -> Any:
        """An evaluation, once games of it are recorded."""

        async def begun() -> Any:
            found = await self.get(f"/v1/evaluations/{evaluation_id}")
            return found if any(each["games"] for each in found["opponents"]) else None

        return await self.eventually(begun)

    async def announce(self, data: EventData) -> Event:
        """Publish an event about these data, which is in the feed of the service that emits such; returns it."""
        event = Event.of(data, source="/tests")
        if data.producer == "promotion":
            self.promotion.feed.append(event)
        await self.bus.publish(event)
        return event

    async def events(self, event_type: str) -> list[Any]:
        """The data of the service's events of one type, oldest first."""
        page = await self.get(f"/v1/events?type={event_type}")
        return [item["data"] for item in page["items"]]


@pytest.fixture
def settings_changed() -> dict[str, Any]:
    """Settings that differ from the tests' usual ones."""
    return {}


@pytest.fixture
def policy() -> GatePolicy:
    """The policy of the tests' promotion service; override it or parametrize `suite` with it."""
    return GatePolicy(games=8)


@pytest.fixture
def promotion(policy: GatePolicy) -> Iterator[PolicyGiver]:
    """The promotion service, as far as it is asked for its policy."""
    with PolicyGiver(policy).serving() as giver:
        yield giver


@pytest.fixture
async def suite(
    database_url: str, nats_url: str, tmp_path: Path, settings_changed: dict[str, Any], promotion: PolicyGiver
) -> AsyncIterator[Suite]:
    """A running gauntlet service whose promotion service has a policy, and a feed of what was announced."""
    models = tmp_path / "models"
    models.mkdir()
    usual = {"gauntlet_lease_seconds": 2, "feed_seconds": 0.2}
    settings = GauntletSettings(
        database_url=database_url, nats_url=nats_url, artifacts_dir=tmp_path / "artifacts", models_dir=models,
        **{"promotion_url": promotion.url, **usual, **settings_changed},
    )  # fmt: skip
    app, bus = create_app(settings), Bus(nats_url, "test")
    try:
        async with app.router.lifespan_context(app):
            documented = Documented(app, "gauntlet")
            transport = httpx.ASGITransport(documented, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://gauntlet", timeout=60) as client:
                yield Suite(app, client, bus, models, promotion)
            assert documented.complaints == []
    finally:
        await bus.close()
