"""`ringrift gauntlet-worker`: play games for a gauntlet service on another machine."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from cli.credentials import ApiKey, presented
from cli.output import Output
from services.gauntlet.worker.settings import WorkerSettings
from shared.process.logs import configure_logs
from shared.process.settings import SettingsError, load_settings
from shared.process.traces import configure_traces


def gauntlet_worker(
    gauntlet: Annotated[str | None, typer.Option(help="The gauntlet service; otherwise RINGRIFT_GAUNTLET_URL")] = None,
    count: Annotated[int | None, typer.Option(min=1, max=256, help="Worker processes, one for each core")] = None,
    lanes: Annotated[int | None, typer.Option(min=1, max=4096, help="Games in flight at once in each")] = None,
    cache: Annotated[Path | None, typer.Option(help="Folder that keeps the models that were fetched")] = None,
    name: Annotated[str | None, typer.Option(help="What operators call it; host and process id if not given")] = None,
    ray: Annotated[str | None, typer.Option(help="Address of a Ray cluster that runs the workers as actors")] = None,
    cpus: Annotated[float, typer.Option(min=0, help="CPUs that an actor has, with --ray")] = 1,
    gpus: Annotated[float, typer.Option(min=0, help="GPUs that an actor has, with --ray")] = 0,
    api_key: ApiKey = None,
) -> None:
    """Play games for a gauntlet service until SIGTERM, from any machine that reaches it over HTTP.

    Its key is one of scope `play`. Example: ringrift gauntlet-worker --gauntlet https://suite.example/gauntlet --count 8
    """
    given = {
        "RINGRIFT_GAUNTLET_URL": gauntlet, "RINGRIFT_WORKER_COUNT": count, "RINGRIFT_GAUNTLET_LANES": lanes,
        "RINGRIFT_WORKER_CACHE_DIR": cache, "RINGRIFT_GAUNTLET_KEY": presented(api_key, "gauntlet"),
    }  # fmt: skip
    environment = {**os.environ, **{key: str(value) for key, value in given.items() if value is not None}}
    environment.pop("RINGRIFT_GAUNTLET_KEY_FILE", None)
    try:
        settings = load_settings(WorkerSettings, environment)
    except SettingsError as error:
        Output().fail(str(error))
        raise typer.Exit(2) from None
    configure_logs("worker", settings.log_level, settings.log_format)
    configure_traces("worker", settings)
    # only machines that play have what this loads
    from services.gauntlet.worker.host import default_name, play_until_told_to_end
    from services.gauntlet.worker.on_ray import play_on_ray

    if ray is None:
        return asyncio.run(play_until_told_to_end(settings, name or default_name()))
    try:
        play_on_ray(settings, ray, settings.worker_count, cpus, gpus)
    except (ImportError, ConnectionError) as error:
        Output().fail(f"no workers on Ray at {ray}: {error}. The extra is ringrift-suite[ray]")
        raise typer.Exit(2) from None


def register(root: typer.Typer) -> None:
    """Make it a sub-command."""
    root.command("gauntlet-worker")(gauntlet_worker)
