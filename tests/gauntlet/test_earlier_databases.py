"""Evaluations that were recorded before the promotion service named the policies: they are read, and go on as they began."""

from __future__ import annotations

import asyncio
import json
import lzma
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import asyncpg

from services.gauntlet import repository
from services.gauntlet.evaluation import Evaluation
from shared.contract.policy import GatePolicy, PlayPolicy
from shared.contract.words import EvaluationState
from shared.service.migrations import migrate
from shared.storage.artifacts import Artifact
from shared.storage.database import Database

MakeDatabase = Callable[[str | None], str]
DEMO = Path(__file__).parents[1] / "data" / "databases" / "demo-0001.sql.xz"
GATES = GatePolicy(games=6, heuristic_win_rate=0.7)
OLD = """insert into gauntlet.evaluations (id, configuration, reason, model_path, gates, play, skip_games)
    values ('00000000-0000-0000-0000-000000000001', 'hex8_2p', 'training', 'models/a.pth', '{gates}', '{play}', false)"""


def run(url: str, statements: str) -> None:
    """Execute statements on a database."""

    async def execute() -> None:
        connection = await asyncpg.connect(url.replace("+asyncpg", ""))
        try:
            await connection.execute(statements)
        finally:
            await connection.close()

    asyncio.run(execute())


def read_all(url: str) -> list[Evaluation]:
    """Every evaluation of a database."""

    async def read() -> list[Evaluation]:
        database = Database(url)
        try:
            async with database.read() as tx:
                return await repository.list_evaluations(tx, None, None, None, 1000)
        finally:
            await database.close()

    return asyncio.run(read())


def test_the_demos_evaluations_are_read(make_database: MakeDatabase) -> None:
    """Each is whole, and its evidence names no policy or the one that it holds."""
    url = make_database(None)
    run(url, lzma.decompress(DEMO.read_bytes()).decode())
    migrate(url)
    found = read_all(url)
    assert found
    for each in found:
        assert each.state is EvaluationState.COMPLETED
        assert (each.waits_for, each.policy_id, each.games) == (None, None, None)
        assert each.evidence is not None
        assert each.playable.gates == each.evidence.gates


def test_an_open_evaluation_goes_on_under_the_policy_that_it_began_with(make_database: MakeDatabase) -> None:
    """It is queued as soon as its model is taken in; whether the policy still is in force is the promotion service's to say."""
    url = make_database(None)
    migrate(url, ("gauntlet",), "0001")
    policies = {
        "gates": GATES.model_dump(mode="json", exclude={"skip_games"}),
        "play": PlayPolicy().model_dump(mode="json"),
    }
    run(url, OLD.format(**{name: json.dumps(policy) for name, policy in policies.items()}))
    migrate(url, ("gauntlet",))
    [evaluation] = read_all(url)
    assert (evaluation.id, evaluation.state, evaluation.waits_for) == (UUID(int=1), EvaluationState.RECEIVED, None)
    taken = evaluation.taken_in(Artifact("0" * 64, 7), 42)
    assert (taken.state, taken.playable.gates) == (EvaluationState.QUEUED, GATES)
