"""Where networks are computed: what is asked for against what a machine has. `python -m play.models.device ASKED` says it as JSON.

Finding out may start drivers, and a process that has is not to be forked: so it is done in a process of its own, and nothing here
loads a network library before it is asked to.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import NamedTuple

SETTING = "RINGRIFT_GAUNTLET_DEVICE"
PATTERN = r"^(cpu|auto|cuda(:[0-9]{1,2})?)$"
SECONDS = 120.0
ABSENT = 3


class DeviceError(Exception):
    """A device that is not there; the text says what was asked for, what there is, and which setting says it."""


class Device(NamedTuple):
    """A device. `name`: as torch calls it; `words`: as a fingerprint does; `memory_bytes`: its own memory, 0 if it has none."""

    name: str = "cpu"
    words: str = "cpu"
    memory_bytes: int = 0


CPU = Device()


def device_here(asked: str) -> Device:
    """The device that is meant by `cpu`, `cuda`, `cuda:N` or `auto` on this machine. DeviceError."""
    if asked == CPU.name:
        return CPU
    command = [sys.executable, "-P", "-m", __spec__.name, asked]
    try:
        found = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise DeviceError(f"{SETTING} is {asked}, and its driver did not answer for {SECONDS:g} seconds") from error
    if found.returncode:
        last = found.stderr.strip().rpartition("\n")[2]
        raise DeviceError(
            last if found.returncode == ABSENT else f"{SETTING} is {asked}, and asking for it failed: {last}"
        )
    return Device(**json.loads(found.stdout))


def meant(asked: str, there: Sequence[str], library: str) -> str:
    """The name of the device that is meant, where these are beside the processor. DeviceError if it is not one of them."""
    if asked == "auto":
        return there[0] if there else CPU.name
    wanted = "cuda:0" if asked == "cuda" else asked
    if wanted != CPU.name and wanted not in there:
        what = ", ".join((CPU.name, *there))
        raise DeviceError(
            f"{SETTING} is {asked}, and this machine has {what} ({library}): set it to one of these, or to auto"
        )
    return wanted


def _look(asked: str) -> Device:
    import torch

    there = [f"cuda:{number}" for number in range(torch.cuda.device_count())]
    name = meant(asked, there, f"torch {torch.__version__}")
    if name == CPU.name:
        return CPU
    about = torch.cuda.get_device_properties(name)
    return Device(name, f"cuda {about.name} {about.major}.{about.minor}", about.total_memory)


def main() -> None:
    """Say it, or why not."""
    try:
        print(json.dumps(_look(sys.argv[1])._asdict()))
    except DeviceError as error:
        print(error, file=sys.stderr)
        raise SystemExit(ABSENT) from None


if __name__ == "__main__":
    main()
