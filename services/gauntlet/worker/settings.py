"""The environment of workers on other machines."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from services.gauntlet.device import DeviceName, device_faults
from shared.contract.words import GAUNTLET_PORT
from shared.process.http_settings import Address
from shared.process.settings import BaseServiceSettings


class WorkerSettings(BaseServiceSettings):
    """What a worker reads: which service it plays for, and where it keeps models."""

    CALLS = ("gauntlet",)
    gauntlet_url: Address = f"http://127.0.0.1:{GAUNTLET_PORT}"
    gauntlet_key: str | None = Field(default=None, repr=False, description="Key for the gauntlet alone")
    gauntlet_lanes: int = Field(default=32, ge=1, le=4096, description="Games in flight at once in a worker")
    gauntlet_device: DeviceName = "cpu"
    worker_count: int = Field(default=1, ge=1, le=256, description="Worker processes that one command keeps")
    worker_cache_dir: Path = Field(
        default=Path("~/.cache/ringrift/models"), description="Where a worker keeps the models that it fetched"
    )
    worker_cache_bytes: int = Field(
        default=20 * 1024**3, ge=1024, le=2**50, description="Bytes of models that are kept there"
    )

    def faults(self) -> list[str]:
        """What can only be told from several settings, or from the machine."""
        return super().faults() + device_faults(self.gauntlet_device)
