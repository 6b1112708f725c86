"""A promotion service on a database, a bus and folders of a test's own."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI

from services.promotion.app import create_app
from services.promotion.settings import PromotionSettings
from shared.contract.events import Event
from shared.contract.events.gauntlet import EvaluationCompleted, EvaluationFailed
from shared.contract.evidence import CanonicalReference, Evidence, ModelMetadata, OpponentEvidence
from shared.contract.policy import GatePolicy, PlayPolicy
from shared.contract.words import OpponentName
from shared.messaging.bus import Bus
from shared.service.migrations import migrate
from shared.storage.artifact_folder import ArtifactFolder
from shared.storage.database import Database
from tests.kit.documented import Documented
from tests.kit.servers import Migrate
from tests.kit.waiting import async_until
from tests.promotion.peers import Neighbour

CANONICAL = "/v1/configurations/hex8_2p/canonical"


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
    store: ArtifactFolder
    database: Database
    gauntlet: Neighbour
    distribution: Neighbour

    async def get(self, path: str) -> Any:
        """A successful GET's JSON."""
        answer = await self.client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def eventually(self, question: Callable[[], Awaitable[Any]]) -> Any:
        """The first true answer; a test fails if there is none in time."""
        return await async_until(question, 20)

    def add_model(self, content: bytes) -> str:
        """Put a file into the artifact store; returns its digest."""
        path = self.models / f"{uuid4().hex}.pth"
        assert len(content) == 5, "every model of these tests has five bytes"
        path.write_bytes(content)
        return self.store.take_in(path).digest

    async def evaluated(self, digest: str, previous: CanonicalReference | None = None, wins: int = 43) -> Event:
        """Announce a finished evaluation of a model; returns the event."""
        event = announcement(completed(digest, previous, wins))
        await self.hears(event)
        return event

    async def hears(self, event: Event) -> None:
        """The gauntlet emits an event: it is in its feed, and the bell rings."""
        self.gauntlet.feed.append(event)
        await self.bus.publish(event)

    async def canonical(self) -> Any:
        """The canonical version of hex8 for two players, None if there is none yet."""
        answer = await self.client.get(CANONICAL)
        return answer.json() if answer.status_code == 200 else None

    async def canonical_is(self, digest: str) -> Any:
        """The canonical version, once it has these bytes."""

        async def there() -> Any:
            version = await self.canonical()
            return version if version is not None and version["digest"] == digest else None

        return await self.eventually(there)

    async def promoted(self, content: bytes) -> str:
        """Have a model promoted against whatever is canonical now; returns its digest."""
        head = await self.canonical()
        digest = self.add_model(content)
        await self.evaluated(
            digest, CanonicalReference(version=head["version"], digest=head["digest"]) if head else None
        )
        await self.canonical_is(digest)
        return digest

    async def asked(self, **extra: Any) -> Any:
        """Post an operator's request for models/asked.pth; returns it."""
        await asyncio.to_thread((self.models / "asked.pth").write_bytes, b"asked")
        body = {"model_path": "models/asked.pth", "board_type": "hex8", "num_players": 2, **extra}
        answer = await self.client.post("/admin/promote", json=body)
        assert answer.status_code == 202, answer.text
        return answer.json()

    async def posts(self, path: str, body: Any, seen: int | None = None, method: str = "POST") -> httpx.Response:
        """The answer to a change of hex8 for two players, of which the caller may have seen a version."""
        headers = {} if seen is None else {"If-Match": f'"{seen}"'}
        return await self.client.request(method, path, json=body, headers=headers)

    async def closed(self, request_id: str) -> Any:
        """A request, once it has ended."""

        async def over() -> Any:
            request = await self.get(f"/v1/promotion-requests/{request_id}")
            return request if request["state"] != "open" else None

        return await self.eventually(over)

    async def events(self, event_type: str) -> list[Any]:
        """The service's events of one type, oldest first."""
        page = await self.get(f"/v1/events?type={event_type}")
        return list(page["items"])


@pytest.fixture
def gauntlet() -> Iterator[Neighbour]:
    """The gauntlet's feed."""
    with Neighbour().serving() as neighbour:
        yield neighbour


@pytest.fixture
def distribution() -> Iterator[Neighbour]:
    """The distribution service."""
    with Neighbour().serving() as neighbour:
        yield neighbour


@pytest.fixture
def settings_changed() -> dict[str, Any]:
    """Settings that differ from the defaults; override it or parametrize `suite` with it."""
    return {}


@pytest.fixture
async def suite(
    database_url: str, nats_url: str, tmp_path: Path, gauntlet: Neighbour, distribution: Neighbour,
    settings_changed: dict[str, Any],
) -> AsyncIterator[Suite]:  # fmt: skip
    """A running promotion service."""
    models = tmp_path / "models"
    models.mkdir()
    settings = PromotionSettings(
        database_url=database_url, nats_url=nats_url, artifacts_dir=tmp_path / "artifacts", models_dir=models,
        **{"distribution_url": distribution.url, "gauntlet_url": gauntlet.url, "feed_seconds": 0.1, **settings_changed},
    )  # fmt: skip
    app = create_app(settings)
    bus, database = Bus(nats_url, "test"), Database(database_url)
    try:
        async with app.router.lifespan_context(app):
            documented = Documented(app, "promotion")
            transport = httpx.ASGITransport(documented, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://promotion") as client:
                yield Suite(
                    app, client, bus, models, ArtifactFolder(settings.artifacts_dir), database, gauntlet, distribution
                )
            assert documented.complaints == []
    finally:
        await bus.close()
        await database.close()


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


def announcement(data: EvaluationCompleted | EvaluationFailed) -> Event:
    """The event with which the gauntlet says so."""
    return Event.of(data, source="/services/gauntlet")


def completed(
    digest: str,
    previous: CanonicalReference | None = None,
    wins: int = 43,
    request_id: UUID | None = None,
    size: int = 5,
) -> EvaluationCompleted:
    """A finished evaluation of a hex8 model for two players."""
    model = ModelMetadata(architecture="resnet", parameters=1)
    return EvaluationCompleted(
        board_type="hex8",
        num_players=2,
        evaluation_id=uuid4(),
        digest=digest,
        size=size,
        model=model,
        evidence=evidence(previous, wins),
        request_id=request_id,
    )


def loaded(digest: str, request_id: str) -> Event:
    """A forced evaluation is over: the model loads."""
    data = completed(digest, request_id=UUID(request_id))
    found = data.evidence.model_copy(update={"skipped": True, "opponents": []})
    return announcement(EvaluationCompleted.model_validate({**data.model_dump(), "evidence": found}))
