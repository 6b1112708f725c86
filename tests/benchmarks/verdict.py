"""What a verdict costs beyond its forward passes: a worker process as the service has it, given one evaluation after the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import psutil
from rich.table import Table

from play.models.model_file import ModelFile
from services.gauntlet.worker.executor import Worker
from services.gauntlet.worker.job import Job, JobDone
from services.gauntlet.worker.process import Processes
from services.gauntlet.worker.work import CountedGames, ModelReference, Work
from shared.contract.policy import GatePolicy, PlayPolicy
from shared.contract.words import GATES, OpponentName

DEMO = Path(__file__).resolve().parents[2] / "models" / "demo"
LANES = 32
CANDIDATE, PREVIOUS = "successor", "trained"


def verdict(quick: bool) -> Table:
    """Three verdicts on one worker, one after the other: processor seconds of all its processes, over those in forward passes."""
    table = Table("figure", "value", title="Verdicts on a resident worker")
    first, second, third = asyncio.run(_measured(10 if quick else 50))
    table.add_row("first_verdict_over_forward", f"{first[0] / first[1]:.2f}")
    table.add_row("second_verdict_over_forward", f"{second[0] / second[1]:.2f}")
    table.add_row("cpu_over_forward", f"{third[0] / third[1]:.2f}")
    table.add_row("cpu_seconds", f"{third[0]:.2f}")
    return table


async def _measured(games: int) -> list[tuple[float, float]]:
    """Processor seconds, and those of them in forward passes, of each verdict; the first one's with the start of the worker."""
    rows = []
    async with _worker() as worker:
        process, before = psutil.Process(worker.pid), 0.0
        for seed in range(3):
            forward = sum([await _forward_seconds(worker, _job(opponent, games, seed)) for opponent in GATES])
            spent = _cpu(process)
            rows.append((spent - before, forward))
            before = spent
    return rows


@asynccontextmanager
async def _worker() -> AsyncIterator[Worker]:
    worker = await Processes().start()
    try:
        yield worker
    finally:
        await worker.stop()


def _cpu(process: psutil.Process) -> float:
    """Processor seconds of a process and all that it has started."""
    everyone = [process, *process.children(recursive=True)]
    return float(sum(each.cpu_times().user + each.cpu_times().system for each in everyone))


async def _forward_seconds(worker: Worker, job: Job) -> float:
    async for message in worker.messages(job):
        if isinstance(message, JobDone):
            seconds: float = message.forward_seconds
            return seconds
    raise RuntimeError("the job was not done")


def _job(opponent: OpponentName, games: int, seed: int) -> Job:
    files = {name: ModelFile(path=DEMO / f"hex8_2p_{name}.pth") for name in (CANDIDATE, PREVIOUS)}
    work = Work(
        claim_id=uuid4(), evaluation_id=uuid4(), board_type="hex8", num_players=2,
        candidate=ModelReference(digest="1" * 64, name=CANDIDATE), previous=ModelReference(digest="2" * 64, name=PREVIOUS),
        gates=GatePolicy(games=games), play=PlayPolicy(), seed=seed, opponent=opponent, games=games,
        counted=CountedGames(histogram=[0, 0, 0], unscored=0), report_seconds=10, move_seconds=60, game_seconds=600,
        most_model_bytes=1 << 31,
    )  # fmt: skip
    return Job(work=work, candidate=files[CANDIDATE], previous=files[PREVIOUS], lanes=LANES)
