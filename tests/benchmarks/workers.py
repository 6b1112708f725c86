"""What many workers cost the service, and it them: simulated workers, for which a game takes a fixed time, over HTTP.

They claim and report as real ones do, with games that were not played; all of them live in the measuring process, beside the whole
suite, on the same cores.
"""

from __future__ import annotations

import asyncio
import base64
import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import httpx
from rich.table import Table

from local.suite import Addresses, Suite
from play.record import PlayedGame
from play.schedule import PlannedGame, plan_games
from services.gauntlet.errors import ClaimOverError
from services.gauntlet.worker.remote import RemoteWork
from services.gauntlet.worker.work import Work, WorkReport, WorkWish
from shared.contract.evidence import ModelMetadata

DEMO = Path(__file__).resolve().parents[2] / "models" / "demo"
GAME_SECONDS, DECISIONS = 0.25, 40
MODEL = ModelMetadata(architecture="resnet", parameters=89_434)
SETTINGS = {"RINGRIFT_GAUNTLET_WORKERS": "0", "RINGRIFT_MOST_CONNECTIONS": "3000", "RINGRIFT_LOG_LEVEL": "WARNING"}


class Measured(NamedTuple):
    """What so many workers did. Seconds by the clock; efficiency: the share of the time of workers that went into counted games."""

    seconds: float
    efficiency: float
    surplus: float
    claim_p50_ms: float
    claim_p99_ms: float


def workers(quick: bool) -> Table:
    """Efficiency and surplus of 1, 2, 4 and 16 workers, and how long a claim takes beside 1,000."""
    table = Table("figure", "value", title="Workers")
    with running() as suite:
        for number in (1, 2, 4, 16):
            found = asyncio.run(measured(suite, number, 1 if quick else number, GAME_SECONDS))
            table.add_row(f"efficiency_{number}", f"{found.efficiency:.3f}")
        table.add_row("surplus", f"{found.surplus:.4f}")
        many = 100 if quick else 1000
        found = asyncio.run(measured(suite, many, many // 25, 20 * GAME_SECONDS))
        for name in ("claim_p50_ms", "claim_p99_ms"):
            table.add_row(name, f"{getattr(found, name):.0f}")
        table.add_row("claiming_workers", f"{many:,}")
    return table


@contextmanager
def running() -> Iterator[Suite]:
    """A suite whose gauntlet has no workers of its own."""
    with tempfile.TemporaryDirectory(prefix="ringrift-bench-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        suite = Suite(Path(folder), Addresses.free(nodes=1), settings=SETTINGS)
        with suite.running(lambda _: None):
            yield suite


@dataclass
class Simulated:
    """What simulated workers did. Seconds: played in games that count or not; of each claim, from asking to the answer."""

    game_seconds: float
    played: int = 0
    claims: list[float] = field(default_factory=list)

    async def work(self, name: str, source: RemoteWork) -> None:
        """One worker's life."""
        while True:
            asked = time.perf_counter()
            work = await source.claim(WorkWish(worker=name, wait_seconds=20))
            if work is not None:
                self.claims.append(time.perf_counter() - asked)
                with suppress(ClaimOverError):
                    await self._carry_out(work, source)

    async def _carry_out(self, work: Work, source: RemoteWork) -> None:
        assert work.opponent is not None
        planned = plan_games(work.seed, work.opponent, work.first + work.games, 2)[work.first :]
        model: ModelMetadata | None = MODEL
        for block in range(0, len(planned), 2):
            await asyncio.sleep(2 * self.game_seconds)
            self.played += 2
            games = [result(each) for each in planned[block : block + 2]]
            done = block + 2 >= len(planned)
            report = WorkReport(model=model, games=games, cpu_seconds=2 * self.game_seconds, done=done)
            model = None
            if not (await source.report(work.claim_id, report)).alive:
                return


def result(planned: PlannedGame) -> PlayedGame:
    """A game that a strong candidate wins mostly; the same one however often it is asked for."""
    wins = random.Random(planned.seed).random() < 0.93
    outcome: dict[str, Any] = {"outcome": "win", "units": 2} if wins else {"outcome": "loss", "units": 0}
    moves = base64.b64encode(bytes(DECISIONS * 8)).decode()
    return PlayedGame(
        **asdict(planned), **outcome, decisions=DECISIONS, network_evaluations=20, moves=moves, engine="none"
    )


async def measured(suite: Suite, number: int, evaluations: int, game_seconds: float) -> Measured:
    """One row: `number` workers play `evaluations`."""
    simulated, url = Simulated(game_seconds), suite.addresses.url("gauntlet")
    limits = httpx.Limits(max_connections=number + 10)
    async with httpx.AsyncClient(timeout=60, limits=limits, trust_env=False) as client:
        source = RemoteWork(client, url)
        tasks = [asyncio.create_task(simulated.work(f"simulated-{each}", source)) for each in range(number)]
        await asyncio.sleep(1)
        started = time.perf_counter()
        bodies = [{"board_type": "hex8", "num_players": 2, "model_path": new_model(suite)} for _ in range(evaluations)]
        asked = [(await client.post(f"{url}/v1/evaluations", json=body)).json()["id"] for body in bodies]
        counted = sum([await games_of(client, url, each) for each in asked])
        wall = time.perf_counter() - started
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(each, asyncio.CancelledError) for each in ended), ended
    busy = counted * game_seconds / (number * wall)
    claims = sorted(simulated.claims)
    p50, p99 = (1000 * claims[int(len(claims) * share)] for share in (0.5, 0.99))
    return Measured(wall, busy, simulated.played / counted - 1, p50, p99)


def new_model(suite: Suite) -> str:
    """A model that nobody has evaluated before, whose games are not known; simulated workers load none."""
    name = f"{uuid4()}.pth"
    (suite.models / name).write_bytes((DEMO / "hex8_2p_untrained.pth").read_bytes() + name.encode())
    return f"models/{name}"


async def games_of(client: httpx.AsyncClient, url: str, evaluation_id: str) -> int:
    """How many games count, once it has ended."""
    while True:
        found = (await client.get(f"{url}/v1/evaluations/{evaluation_id}")).json()
        if found["state"] in ("completed", "failed"):
            assert found["state"] == "completed", found["failure_reason"]
            return sum(each["games"] for each in found["opponents"])
        await asyncio.sleep(0.1)
