"""The promotion service as a process of its own: killed at the worst moment, stopped in good order, started with bad settings."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from local.ports import free_port
from local.process import Process
from services.promotion.repository import lock_configuration
from shared.messaging.bus import Bus
from shared.storage.artifact_folder import ArtifactFolder
from shared.storage.database import Database
from tests.kit.processes import suite_process
from tests.kit.waiting import async_until
from tests.promotion.conftest import announcement, completed
from tests.promotion.peers import Neighbour

ROOT = Path(__file__).resolve().parent.parent.parent
WAITING = "select count(*) from pg_locks where locktype = 'advisory' and not granted"


@pytest.fixture
def child(database_url: str, nats_url: str, tmp_path: Path, gauntlet: Neighbour) -> Iterator[tuple[Process, str]]:
    """`python -m services.promotion`, not started yet, and its address."""
    (tmp_path / "models").mkdir()
    port = free_port()
    settings = {
        "DATABASE_URL": database_url, "NATS_URL": nats_url, "PROMOTION_PORT": str(port), "FEED_SECONDS": "0.2",
        "MODELS_DIR": str(tmp_path / "models"), "ARTIFACTS_DIR": str(tmp_path / "artifacts"), "GAUNTLET_URL": gauntlet.url,
    }  # fmt: skip
    process = suite_process("promotion", "services.promotion", settings, tmp_path)
    try:
        yield process, f"http://127.0.0.1:{port}"
    finally:
        process.kill()


async def start(child: tuple[Process, str]) -> None:
    """Start the process and wait until it is ready."""
    process, url = child
    process.start()
    await asyncio.to_thread(process.wait_for_http, url + "/readyz", 30)


@asynccontextmanager
async def held(database: Database) -> Any:
    """Hold up every decision on hex8 for two players; yields a wait for one that has come to that point."""

    async def reached() -> None:
        # another process's progress shows only in its locks
        await async_until(lambda: count(database, WAITING), 20)

    async with database.write() as tx:
        await lock_configuration(tx, "hex8_2p")
        yield reached


async def count(database: Database, statement: str) -> int:
    """The number that a query answers."""
    async with database.read() as tx:
        found = (await tx.execute(text(statement))).scalar_one()
    return int(found)


async def test_g03_killed_between_evaluation_and_decision_it_decides_once(
    child: tuple[Process, str], database_url: str, nats_url: str, tmp_path: Path, gauntlet: Neighbour
) -> None:
    """SIGKILL after the evaluation was received and before it was decided: the next process decides it, once."""
    source = tmp_path / "model.pth"
    await asyncio.to_thread(source.write_bytes, b"first")
    artifact = await asyncio.to_thread(ArtifactFolder(tmp_path / "artifacts").take_in, source)
    event = announcement(completed(artifact.digest))
    database, bus = Database(database_url), Bus(nats_url, "test")
    try:
        await start(child)
        async with held(database) as reached:
            gauntlet.feed.append(event)
            await bus.publish(event)
            await reached()
            child[0].kill()
        await start(child)
        async with httpx.AsyncClient(base_url=child[1], trust_env=False) as client:

            async def promoted_one() -> bool:
                return (await client.get("/v1/configurations/hex8_2p/canonical")).status_code == 200

            await async_until(promoted_one, 20)
            promoted = (await client.get("/v1/events?type=MODEL_PROMOTED")).json()["items"]
        assert [each["data"]["version"] for each in promoted] == [1]
        assert await count(database, "select count(*) from promotion.decisions") == 1
        assert await count(database, "select count(*) from promotion.evaluations") == 1
    finally:
        await bus.close()
        await database.close()


async def test_it_stops_in_good_order(child: tuple[Process, str]) -> None:
    """SIGTERM ends every loop, and the process with them, well within the supervisor's grace."""
    process, _ = child
    await start(child)
    pid = process.pid
    assert pid is not None
    process.stop()
    assert not process.running
    assert "Traceback" not in process.log_since_start()


def test_g14_settings_that_cannot_be_used_stop_it_at_once() -> None:
    """A misspelt threshold ends the process with exit code 2 and the right name."""
    environment = {**os.environ, "RINGRIFT_DATABASE_URL": "postgresql+asyncpg://x/y"}
    environment["RINGRIFT_PROMOTION_RANDOM_WINRATE"] = "0.5"
    command = [sys.executable, "-m", "services.promotion"]
    ended = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 2
    assert "did you mean RINGRIFT_PROMOTION_RANDOM_WIN_RATE?" in ended.stderr
