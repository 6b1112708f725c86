"""Everything that is put on a process before it touches a foreign byte, in the one order in which it can be.

It cannot be taken off again, by nobody.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass

from play.models.confined import limits, readable, system_calls
from play.models.device import CPU, Device


@dataclass(frozen=True)
class Confinement:
    """What this machine has, found once: `absent` says why it lacks the others. `places` may be read; the files of `device`, and
    what its driver asks of the kernel, are let through where it is no processor."""

    most_memory_bytes: int
    places: tuple[str, ...]
    absent: dict[str, str]
    device: Device = CPU

    @classmethod
    def found(cls, most_memory_bytes: int, device: Device = CPU) -> Confinement:
        """For a process that has loaded all that it needs. The memory of the device is mapped, and counts beside."""
        reasons: dict[str, Callable[[], str | None]] = {"landlock": readable.why_not, "seccomp": system_calls.why_not}
        absent = {name: why for name, ask in reasons.items() if (why := ask()) is not None}
        return cls(most_memory_bytes + device.memory_bytes, tuple(readable.places()), absent, device)

    @property
    def put_on(self) -> tuple[str, ...]:
        """The names of what `confine` puts on."""
        return tuple(name for name in ("limits", "landlock", "seccomp") if name not in self.absent)

    def confine(self, path: str | None) -> None:
        """Put it on this process; the file of the path stays readable. OSError if any of it cannot be: then nothing may be read."""
        driven = self.device != CPU
        limits.limit(self.most_memory_bytes, limits.MOST_OF_A_DRIVER if driven else limits.MOST_DESCRIPTORS)
        limits.drop_privileges()
        if "landlock" not in self.absent:
            model = None if path is None else _opened(path)
            readable.restrict(self.places, model, readable.device_files() if driven else ())
            if model is not None:
                os.close(model)
        limits.close_to_others()
        if "seccomp" not in self.absent:
            system_calls.restrict(driven=driven)


def _opened(path: str) -> int | None:
    """A descriptor of a regular file; of nothing else, since a folder would be readable with all that is in it."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    return None
