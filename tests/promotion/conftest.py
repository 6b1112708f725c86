"""A promotion service on a database, a bus and folders of a test's own."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from services.promotion.app import create_app
from services.promotion.settings import PromotionSettings
from shared.artifacts import ArtifactStore
from shared.bus import Bus
from shared.events import EvaluationCompleted, Event
from shared.evidence import (
    CanonicalReference,
    Evidence,
    GatePolicy,
    ModelMetadata,
    OpponentEvidence,
    OpponentName,
    PlayPolicy,
)
from shared.migrations import migrate
from tests.servers import Migrate


@pytest.fixture(scope="session")
def database_template(make_template: Callable[[str, Migrate], str]) -> str:
    """Every test's database has the promotion service's schema."""
    return make_template("promotion", lambda url: migrate(url, ("promotion",)))


@dataclass
class Suite:
    """The service, and what a test does to it."""

    app: FastAPI
    client: httpx.AsyncClient
    bus: Bus
    models: Path
    store: ArtifactStore

    async def get(self, path: str) -> Any:
        """A successful GET's JSON."""
        answer = await self.client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def eventually(self, question: Callable[[], Awaitable[Any]]) -> Any:
        """The first true answer; a test fails if there is none in time."""
        async with asyncio.timeout(20):
            while not (answer := await question()):  # noqa: ASYNC110 - the question goes over HTTP, there is no event to wait for
                await asyncio.sleep(0.02)
        return answer

    def add_model(self, content: bytes) -> str:
        """Put a file into the artifact store; returns its digest."""
        path = self.models / f"{uuid4().hex}.pth"
        path.write_bytes(content)
        return self.store.take_in(path).digest

    async def evaluated(self, digest: str, previous: CanonicalReference | None = None, wins: int = 43) -> Event:
        """Announce a finished evaluation of a model; returns the event."""
        event = Event.of(completed(digest, previous, wins), source="/services/gauntlet")
        await self.bus.publish(event)
        return event

    async def events(self, event_type: str) -> list[Any]:
        """The service's events of one type, oldest first."""
        page = await self.get(f"/v1/events?type={event_type}")
        return list(page["items"])


@pytest.fixture
async def suite(database_url: str, nats_url: str, tmp_path: Path) -> AsyncIterator[Suite]:
    """A running promotion service."""
    models = tmp_path / "models"
    models.mkdir()
    settings = PromotionSettings(
        database_url=database_url, nats_url=nats_url, artifacts_dir=tmp_path / "artifacts", models_dir=models,
        distribution_url="http://127.0.0.1:9", gauntlet_url="http://127.0.0.1:9",
    )  # fmt: skip
    app = create_app(settings)
    bus = Bus(nats_url, "test")
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://promotion") as client:
            yield Suite(app, client, bus, models, ArtifactStore(settings.artifacts_dir))
    await bus.close()


def against(opponent: OpponentName, wins: int, games: int = 50) -> OpponentEvidence:
    """Games of which the first `wins` were won and the rest lost."""
    losses = games - wins
    return OpponentEvidence(
        opponent=opponent, games_planned=50, games=games, wins=wins, draws=0, losses=losses, truncated=0, errored=0,
        score_histogram=[losses, 0, wins], distinct_games=games, network_evaluations=games * 30,
    )  # fmt: skip


def evidence(previous: CanonicalReference | None = None, wins: int = 43) -> Evidence:
    """An evaluation in which the candidate won `wins` of 50 games against each opponent."""
    opponents: list[OpponentEvidence] = [against("random", wins), against("heuristic", wins)]
    if previous:
        opponents.append(against("previous", wins))
    return Evidence(
        seed=1,
        gates=GatePolicy(),
        play=PlayPolicy(),
        previous=previous,
        opponents=opponents,
        duration_seconds=1,
        cpu_seconds=1,
    )


def completed(digest: str, previous: CanonicalReference | None = None, wins: int = 43) -> EvaluationCompleted:
    """A finished evaluation of a hex8 model for two players."""
    model = ModelMetadata(architecture="resnet", parameters=1)
    return EvaluationCompleted(
        board_type="hex8",
        num_players=2,
        evaluation_id=uuid4(),
        digest=digest,
        size=5,
        model=model,
        evidence=evidence(previous, wins),
    )
