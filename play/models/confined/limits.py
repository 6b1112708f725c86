"""What any system can take from a process: descriptors, memory, privileges; and that it outlives nobody."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

PR_SET_PDEATHSIG, PR_GET_PDEATHSIG = 1, 2
PR_GET_DUMPABLE, PR_SET_DUMPABLE = 3, 4
PR_SET_NO_NEW_PRIVS, PR_GET_NO_NEW_PRIVS = 38, 39
FIRST_FREE = 3
MOST_DESCRIPTORS, MOST_OF_A_DRIVER = 32, 256
_CAPABILITY_VERSION = 0x20080522
_MAY_READ = 1 << 2
"""CAP_DAC_READ_SEARCH: what root may read of others' files, models among them, before Landlock has its say."""


def libc() -> ctypes.CDLL:
    """The C library."""
    return ctypes.CDLL(None, use_errno=True)


def die_with(parent: int) -> None:
    """Have the kernel end this process when the one that forked it ends. To be called before anything else."""
    if sys.platform == "linux":
        libc().prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def keep_only(descriptors: Sequence[int], stderr: int) -> list[int]:
    """Close every descriptor but these, which move to the lowest numbers after the three standard ones. Returns the new numbers."""
    os.dup2(stderr, 2)
    highest = max(*descriptors, stderr, FIRST_FREE + len(descriptors)) + 1
    above = [os.dup2(each, highest + place, inheritable=False) for place, each in enumerate(descriptors)]
    kept = [os.dup2(each, FIRST_FREE + place, inheritable=False) for place, each in enumerate(above)]
    os.closerange(FIRST_FREE + len(kept), resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    return kept


def limit(most_memory_bytes: int, most_descriptors: int = MOST_DESCRIPTORS) -> None:
    """No file grows, nothing is dumped, few are open, and memory grows by no more than so many bytes."""
    wanted = {
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: most_descriptors,
    }
    if sys.platform == "linux":  # elsewhere how much there is already cannot be told, or the limit does not hold
        wanted[resource.RLIMIT_AS] = _present_bytes() + most_memory_bytes
    for which, most in wanted.items():
        resource.setrlimit(which, (most, most))


def drop_privileges() -> None:
    """Of what root has beside its files only reading is kept, and nothing can be won back."""
    if sys.platform != "linux":
        return
    library = libc()
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)
    data = (ctypes.c_uint32 * 6)()
    _check(library.capget(header, data))
    kept = data[0] & data[1] & _MAY_READ
    _check(library.capset(header, (ctypes.c_uint32 * 6)(kept, kept, 0, 0, 0, 0)))
    _check(library.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))


def close_to_others() -> None:
    """Let no other process look into this one's memory."""
    if sys.platform == "linux":
        _check(libc().prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))


def _present_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()


def _check(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
