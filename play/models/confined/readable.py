"""Landlock: the files that a confined process may read. It may write, make or run none, and reach no socket or process.

Needs Linux 5.13 and the package landlockpy; what a kernel does not know yet it does not refuse, which the self-test then says.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

try:
    import landlockpy
except ImportError:  # not on this system
    landlockpy = None  # type: ignore[assignment]

SYSTEM = (
    "/lib", "/lib64", "/usr/lib", "/usr/lib64", "/proc/cpuinfo", "/sys/devices/system/cpu", "/dev/null", "/dev/urandom",
)  # fmt: skip
"""Shared libraries, and what numerical ones ask about the processor."""
DRIVING = getattr(landlockpy.AccessFS, "IOCTL_DEV", 0) if landlockpy else 0


def why_not() -> str | None:
    """Why there is no Landlock here; None where there is."""
    if landlockpy is None:
        return "the package landlockpy is not installed"
    try:
        return None if landlockpy.supported() else "the kernel has no Landlock, or it is switched off"
    except landlockpy.LandlockError as error:
        return f"Landlock is refused: {error.strerror}"


def places() -> list[str]:
    """What Python and the loaded packages may want to read later: their own folders, and never all of a folder they stand in."""
    homes = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    others = {place for place in _loaded() if not any(Path(place).is_relative_to(home) for home in homes)}
    return [place for place in sorted({*homes, *others, *SYSTEM}) if os.path.exists(place)]


def device_files() -> list[str]:
    """What the driver of a graphics processor opens, some for writing."""
    return sorted(str(each) for each in Path("/dev").glob("nvidia*") if not each.is_dir())


def restrict(readable: Iterable[str], model: int | None, writable: Iterable[str] = ()) -> None:
    """Put it on for good: beside these only the file of the descriptor can be opened, for reading."""
    scoped = landlockpy.Scope.SIGNAL | landlockpy.Scope.ABSTRACT_UNIX_SOCKET
    with landlockpy.Ruleset(scoped=scoped) as ruleset:
        for place in (*readable, *([] if model is None else [f"/proc/self/fd/{model}"])):
            rights = landlockpy.AccessFS.READ_FILE
            if os.path.isdir(place):
                rights |= landlockpy.AccessFS.READ_DIR
            ruleset.allow_path(place, rights)
        for place in writable:
            ruleset.allow_path(place, landlockpy.AccessFS.READ_FILE | landlockpy.AccessFS.WRITE_FILE | DRIVING)
        ruleset.restrict()


def _loaded() -> set[str]:
    """The folder of each loaded package, and the file of each loaded module that stands in none."""
    found: set[str] = set()
    for name, module in list(sys.modules.items()):
        folders, file = getattr(module, "__path__", None), getattr(module, "__file__", None)
        if "." not in name and (folders or file):
            found |= {os.path.abspath(each) for each in (list(folders) if folders else [str(file)])}
    return found
