"""Finds the level of this machine: a process confined as those of models are tries every probe, and what it says is kept."""

from __future__ import annotations

import json
import os
import select
import signal
import tempfile
import time

from play.models.confined import limits
from play.models.confined.confinement import Confinement
from play.models.confined.level import Level
from play.models.confined.probes import PROBES, Target, tried

SECONDS = 20.0
MOST_BYTES = 1 << 16


def level(confinement: Confinement) -> Level:
    """What holds here. To be called where `os.fork` is safe."""
    said = _said(confinement)
    found = {name: said.get(name, "it was not refused, or the process ended") for name in PROBES}
    return Level(
        put_on=confinement.put_on,
        holds=tuple(name for name, why in found.items() if why is None),
        lacks={name: why for name, why in found.items() if why is not None} | confinement.absent,
    )


def _said(confinement: Confinement) -> dict[str, str | None]:
    """What a probing process said before it ended, or before its time was up."""
    reading, writing = os.pipe()
    target = Target(os.getpid(), os.getppid(), tempfile.gettempdir(), confinement.most_memory_bytes)
    child = os.fork()
    if child == 0:
        _probe(writing, confinement, target)
    os.close(writing)
    try:
        lines = _all(reading).decode().splitlines(keepends=True)
    finally:
        os.close(reading)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    return dict(json.loads(line) for line in lines if line.endswith("\n"))


def _probe(writing: int, confinement: Confinement, target: Target) -> None:
    try:
        limits.die_with(target.zygote)
        [writing] = limits.keep_only([writing], 2)
        confinement.confine(None)
        for result in tried(target):
            os.write(writing, json.dumps(result).encode() + b"\n")
    finally:
        os._exit(0)


def _all(reading: int) -> bytes:
    deadline, data = time.monotonic() + SECONDS, b""
    while len(data) < MOST_BYTES and select.select([reading], [], [], max(deadline - time.monotonic(), 0))[0]:
        chunk = os.read(reading, MOST_BYTES)
        if not chunk:
            break
        data += chunk
    return data
