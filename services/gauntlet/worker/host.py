"""Workers on a machine of their own: each with its process, all of them playing for one gauntlet service."""

from __future__ import annotations

import asyncio
import os
import signal
import socket

from services.gauntlet.worker.loop import WorkerLoop
from services.gauntlet.worker.process import Processes
from services.gauntlet.worker.remote import RemoteModels, RemoteWork
from services.gauntlet.worker.settings import WorkerSettings
from shared.process.http_client import new_client
from shared.process.tasks import Loop, background

ENDING = (signal.SIGTERM, signal.SIGINT)


def default_name() -> str:
    """This host and process, as operators see it among the workers."""
    return f"{socket.gethostname()}:{os.getpid()}"


async def play_until_told_to_end(settings: WorkerSettings, name: str) -> None:
    """Keep the workers playing until SIGTERM or SIGINT."""
    told, clock = asyncio.Event(), asyncio.get_running_loop()
    for number in ENDING:
        clock.add_signal_handler(number, told.set)
    await play(settings, name, told)


async def play(settings: WorkerSettings, name: str, told: asyncio.Event) -> None:
    """Keep the workers playing until they are told to end; then what is finished is told, and the rest given back."""
    async with new_client(settings) as client:
        source = RemoteWork(client, settings.gauntlet_url)
        folder = settings.worker_cache_dir.expanduser()
        models = RemoteModels(client, settings.gauntlet_url, folder, settings.worker_cache_bytes)
        loops: dict[str, Loop] = {
            f"worker-{number}": WorkerLoop(
                f"{name}:{number}", source, models, Processes(settings.gauntlet_device), settings.gauntlet_lanes
            ).run
            for number in range(1, settings.worker_count + 1)
        }
        async with background(loops):
            await told.wait()
