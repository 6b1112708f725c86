"""Which process this is, in words that another one can read, and whether a process of such words has ended.

Only a process of the same machine, in the same namespace of processes, can be told to have ended; of others nothing is known.
"""

from __future__ import annotations

import os
from pathlib import Path

PROC = Path("/proc")
UNKNOWN = "?"
START_FIELD = 19
"""Of /proc/PID/stat, after the name: when the process began, in ticks since the machine did."""


def own_identity() -> str:
    """This process: the machine's boot, the namespace, the id, and when it began."""
    return "/".join((_boot(), _namespace(), str(os.getpid()), _began(os.getpid()) or UNKNOWN))


def has_ended(identity: str) -> bool:
    """Whether the process of that identity is known to have ended: it ran here, and its id is nobody's or another one's now."""
    boot, _, rest = identity.partition("/")
    namespace, _, rest = rest.partition("/")
    pid, _, began = rest.partition("/")
    is_known = UNKNOWN not in (boot, namespace, began) and pid.isdecimal() and began.isdecimal()
    is_here = (boot, namespace) == (_boot(), _namespace())
    return is_known and is_here and _began(int(pid)) != began


def _boot() -> str:
    return _read(PROC / "sys/kernel/random/boot_id") or UNKNOWN


def _namespace() -> str:
    try:
        return (PROC / "self/ns/pid").readlink().name
    except OSError:
        return UNKNOWN


def _began(pid: int) -> str | None:
    said = _read(PROC / str(pid) / "stat")
    return said.rpartition(")")[2].split()[START_FIELD] if said else None


def _read(file: Path) -> str:
    try:
        return file.read_text().strip()
    except OSError:
        return ""
