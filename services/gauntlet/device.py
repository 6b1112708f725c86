"""The device of the workers' networks as a setting: its type, and whether it is there at start. Computes nothing on it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from play.models.device import PATTERN, DeviceError, device_here

DeviceName = Annotated[
    str,
    Field(
        pattern=PATTERN, description="Where networks are computed: cpu, cuda, cuda:N, or auto: cuda where there is one"
    ),
]


def device_faults(asked: str) -> list[str]:
    """Why the device cannot be had on this machine; nothing where it can, or where any will do."""
    if not asked.startswith("cuda"):
        return []
    try:
        device_here(asked)
    except DeviceError as error:
        return [str(error)]
    return []
