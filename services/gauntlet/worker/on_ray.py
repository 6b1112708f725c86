"""The same workers as actors of a Ray cluster, for those who have one: Ray places them, and starts them again where a node is lost.

What is played, and by whom, stays in the ledger; Ray keeps nothing. Needs the extra `ray` here and the package on every node.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from typing import Any

from services.gauntlet.worker.host import ENDING, default_name, play
from services.gauntlet.worker.settings import WorkerSettings
from shared.process.logs import configure_logs
from shared.process.traces import configure_traces

FAREWELL_SECONDS = 15.0


class RayWorker:
    """One actor: a worker process on whatever node Ray chose."""

    def __init__(self, settings: dict[str, Any]) -> None:
        """`settings`: of a `WorkerSettings`, with its key."""
        self._settings = WorkerSettings.model_validate(settings)
        self._told = asyncio.Event()
        configure_logs("worker", self._settings.log_level, self._settings.log_format)
        configure_traces("worker", self._settings)

    async def play(self) -> None:
        """Play until it is told to end."""
        await play(self._settings, default_name(), self._told)

    async def end(self) -> None:
        """End in good order."""
        self._told.set()


def play_on_ray(settings: WorkerSettings, address: str, count: int, cpus: float, gpus: float) -> None:
    """Keep `count` actors of so many CPUs and GPUs playing until SIGTERM or SIGINT. ImportError without Ray, ConnectionError where
    there is no cluster."""
    import ray

    ray.init(address=address, logging_level=logging.WARNING)
    kind: Any = ray.remote(RayWorker).options(num_cpus=cpus, num_gpus=gpus, max_restarts=-1, max_task_retries=-1)
    alone = settings.model_copy(update={"worker_count": 1}).model_dump()
    actors: list[Any] = [kind.remote(alone) for _ in range(count)]
    # an actor that was started again plays again: its task is tried without end
    playing = [each.play.remote() for each in actors]
    try:
        signal.sigwait(ENDING)
        ray.get([each.end.remote() for each in actors], timeout=FAREWELL_SECONDS)
        ray.wait(playing, num_returns=count, timeout=FAREWELL_SECONDS)
    finally:
        ray.shutdown()
