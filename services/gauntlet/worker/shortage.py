"""What a machine is short of at this moment: memory, room. It may be there in the next, so nothing is given up for it."""

from __future__ import annotations

import errno
from collections.abc import Iterable
from pathlib import Path

from play.models.model_file import ModelFile

PROCESS_BYTES = 64 * 1024**2
"""What a process needs that has no weights yet."""
COPIES = 3
"""The file as it is read, its numbers, and the network that is filled with them."""
CGROUP, MEMINFO = Path("/sys/fs/cgroup"), Path("/proc/meminfo")
UNKNOWN = 1 << 62
"""Where a system does not tell: nothing is short."""


LACKING = (errno.ENOSPC, errno.EDQUOT, errno.ENOMEM, errno.EMFILE, errno.ENFILE)


class MemoryShortError(Exception):
    """There is too little memory at this moment; the text has both numbers."""


def is_shortage(error: BaseException) -> bool:
    """Whether it says that the machine lacks something."""
    return isinstance(error, MemoryShortError) or (isinstance(error, OSError) and error.errno in LACKING)


def require_memory(files: Iterable[ModelFile], available: int) -> None:
    """MemoryShortError unless so many bytes are enough to load these models."""
    needed = sum(PROCESS_BYTES + COPIES * _size(each.path) for each in files)
    if needed > available:
        raise MemoryShortError(f"{available >> 20} MiB of memory are free, and the models need {needed >> 20} MiB")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def available_bytes(cgroup: Path = CGROUP, meminfo: Path = MEMINFO) -> int:
    """What a Linux machine can give, and the container's limit leaves; a huge number elsewhere."""
    return min(_of_machine(meminfo), _of_container(cgroup))


def _of_machine(meminfo: Path) -> int:
    try:
        lines = dict(line.split(":") for line in meminfo.read_text().splitlines())
        return int(lines["MemAvailable"].removesuffix("kB")) * 1024
    except (OSError, ValueError, KeyError):
        return UNKNOWN


def _of_container(cgroup: Path) -> int:
    """Of a cgroup of version 2, in which what files have cached can be given back."""
    try:
        most, used = ((cgroup / f"memory.{name}").read_text().strip() for name in ("max", "current"))
        kept = dict(line.split() for line in (cgroup / "memory.stat").read_text().splitlines())
        return UNKNOWN if most == "max" else int(most) - int(used) + int(kept["inactive_file"])
    except (OSError, ValueError, KeyError):
        return UNKNOWN
