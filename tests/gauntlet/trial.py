"""The use cases of the gauntlet service on a real database, without a bus, a process or a route; and what workers would play."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text

from play.record import PlayedGame
from play.schedule import plan_games
from services.gauntlet import repository
from services.gauntlet.announced import NOTHING_ANNOUNCED, Announced
from services.gauntlet.evaluation import Evaluation
from services.gauntlet.feedback_loop import FeedbackLoopController
from services.gauntlet.service import GauntletService, Journal, WorkService
from services.gauntlet.tables import MESSAGING
from services.gauntlet.work_rules import WorkRules
from services.gauntlet.worker.work import Work, WorkReport, WorkWish
from shared.contract.configuration import Configuration
from shared.contract.evidence import ModelMetadata
from shared.contract.policy import GatePolicy, PlayPolicy
from shared.contract.words import MOST_GAMES, Outcome
from shared.messaging.outbox import BEGINNING, Outbox
from shared.messaging.repository import MessageStore
from shared.storage.artifacts import Artifact
from shared.storage.database import Database
from tests.gauntlet.fake_work import ONE_MOVE

HEX8, SQUARE8 = Configuration("hex8", 2), Configuration("square8", 2)
ARTIFACT = Artifact("0" * 64, 7)
MODEL = ModelMetadata(architecture="mlp", parameters=3)
POLICY = GatePolicy(games=4, random_win_rate=0.5, heuristic_win_rate=0.5)
CLOSE = GatePolicy(games=16, random_win_rate=0.5, heuristic_win_rate=0.5)
"""Of which ten games are handed out before anything is known, and eight that are all won or all lost decide."""
RULES = WorkRules(
    claim_seconds=60, most_attempts=2, at_once=4, move_seconds=60, game_seconds=600, evaluation_seconds=3600,
    most_model_bytes=1 << 20,
)  # fmt: skip


@dataclass
class Trial:
    """A service, its database, and what may be asked of both. `missing`: models whose bytes the artifact store lacks."""

    database: Database
    service: GauntletService
    work: WorkService
    missing: set[str] = field(default_factory=set)
    outbox: Outbox = field(default_factory=lambda: Outbox(MessageStore(MESSAGING)))

    def under(self, **changed: Any) -> WorkService:
        """The service of another process with other rules."""
        return replace(self.work, rules=replace(RULES, **changed))

    async def queue(
        self,
        configuration: Configuration = HEX8,
        policy: GatePolicy = POLICY,
        announced: Announced = NOTHING_ANNOUNCED,
        artifact: Artifact = ARTIFACT,
    ) -> UUID:
        """An evaluation that waits to be played."""
        asked = await self.service.ask(uuid4(), configuration, None, artifact.digest, policy.games, None, announced)
        await self.service.taken_in(asked.evaluation.id, artifact)
        await self.service.ruled_by(asked.evaluation.id, policy)
        return asked.evaluation.id

    async def claims(
        self, number: int, service: WorkService | None = None, games: int = MOST_GAMES
    ) -> list[Work | None]:
        """What so many workers are given that ask together, for so many games each."""
        wishes = [WorkWish(worker=f"worker-{each}", games=games) for each in range(number)]
        return await (service or self.work).claim(wishes)

    async def claim(self, service: WorkService | None = None, games: int = MOST_GAMES) -> Work:
        """What a worker is given."""
        [work] = await self.claims(1, service, games)
        assert work is not None
        return work

    async def claim_that_runs_out(self) -> Work:
        """What a worker is given, which then falls silent for too long."""
        work = await self.claim()
        await self.change("update gauntlet.claims set until = clock_timestamp() - interval '1 second'")
        return work

    async def evaluation(self, evaluation_id: UUID) -> Evaluation:
        """As it is now; seen at no particular time."""
        found = (await self.service.evaluation(evaluation_id)).evaluation
        return replace(found, seen_at=found.requested_at)

    async def games(self, evaluation_id: UUID) -> list[PlayedGame]:
        """Every recorded game."""
        return await self.service.games(evaluation_id, None, None, 1000)

    async def emitted(self) -> list[str]:
        """The types of all events, oldest first."""
        await self.outbox.order_once(self.database)
        async with self.database.read() as tx:
            return [event.type for event in (await self.outbox.page(tx, BEGINNING, 100)).events]

    async def change(self, statement: str) -> None:
        """Do to the database what time would have done."""
        async with self.database.write() as tx:
            await tx.execute(text(statement))

    async def ask(self, statement: str) -> list[tuple[Any, ...]]:
        """Rows."""
        async with self.database.read() as tx:
            return [tuple(row) for row in await tx.execute(text(statement))]

    async def promoted(self, version: int, digest: str) -> None:
        """A version is canonical."""
        async with self.database.write() as tx:
            await repository.record_canonical(tx, str(HEX8), version, digest)


@asynccontextmanager
async def trial_on(database_url: str, folder: Path) -> AsyncIterator[Trial]:
    """A service on a database, while the block lasts."""
    database = Database(database_url)
    journal = Journal(Outbox(MessageStore(MESSAGING)), "/services/gauntlet")
    service = GauntletService(database, journal, FeedbackLoopController(PlayPolicy()), folder, RULES.claim_seconds)
    try:
        missing = set[str]()

        async def holds(digest: str) -> bool:
            return digest not in missing

        work = WorkService(database, journal, RULES, holds)
        yield Trial(database, service, work, missing)
    finally:
        await database.close()


def played(work: Work, units: int = 2, first: int | None = None, games: int | None = None) -> list[PlayedGame]:
    """The claimed games, or some of them, all with this score of two players."""
    assert work.opponent is not None
    begin = work.first if first is None else first
    end = begin + (work.games if games is None else games)
    outcomes: list[Outcome] = ["loss", "draw", "win"]
    return [
        PlayedGame(
            **asdict(plan), outcome=outcomes[units], units=units, decisions=1, network_evaluations=4, moves=ONE_MOVE
        )
        for plan in plan_games(work.seed, work.opponent, end, work.num_players)[begin:]
    ]


def report(work: Work, units: int = 2, **changed: Any) -> WorkReport:
    """Everything that was claimed was played, with this score, and the model was loaded."""
    said = WorkReport(
        model=MODEL, confinement="full", games=played(work, units) if work.opponent else [], cpu_seconds=1.5,
        forward_seconds=1.0, done=True,
    )  # fmt: skip
    return said.model_copy(update=changed)
