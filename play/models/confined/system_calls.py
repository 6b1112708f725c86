"""seccomp: the system calls that a network needs; every other is answered as if the kernel did not know it.

Needs the package pyseccomp and libseccomp. `ENOSYS` rather than `EPERM`: libraries know how to do without what is not there.
"""

from __future__ import annotations

import errno
import fcntl
import os

try:
    import pyseccomp
except (ImportError, RuntimeError):  # the latter where the library itself is missing
    pyseccomp = None

ALLOWED = (
    # memory
    "brk", "madvise", "mincore", "mmap", "mprotect", "mremap", "munmap", "get_mempolicy", "membarrier",
    # reading, and answering through what is open
    "access", "close", "close_range", "dup", "dup2", "dup3", "faccessat", "faccessat2", "fadvise64", "fstat", "fstatfs",
    "getcwd", "getdents64", "lseek", "lstat", "newfstatat", "poll", "ppoll", "pread64", "read", "readahead", "readlink",
    "readlinkat", "readv", "stat", "statfs", "statx", "write", "writev",
    # threads
    "arch_prctl", "exit", "exit_group", "futex", "get_robust_list", "getcpu", "gettid", "rseq", "sched_getaffinity",
    "sched_getparam", "sched_get_priority_max", "sched_get_priority_min", "sched_getscheduler", "sched_yield",
    "set_robust_list", "set_tid_address",
    # signals to itself
    "restart_syscall", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack",
    # time, chance, and what a process may know of itself
    "clock_getres", "clock_gettime", "clock_nanosleep", "getegid", "geteuid", "getgid", "getpgrp", "getpid", "getppid",
    "getrandom", "getrusage", "gettimeofday", "getuid", "nanosleep", "sysinfo", "time", "times", "uname",
)  # fmt: skip
CLONE_THREAD = 0x00010000
PRCTL = (2, 3, 15, 16, 39, 0x53564D41)
"""Asking for the death signal, for being dumpable and for new privileges; names of threads and of memory."""
IOCTL = (0x5401, 0x5451)
"""Whether something is a terminal, and close on exec."""
DRIVER = ("eventfd2", "pipe2", "sched_setaffinity")
"""What the driver of a graphics processor needs beside, and how its requests to its own files look: a mask, and what is left."""
DRIVER_IOCTL = ((0xFF00, 0x4600), (0xFFFFFF00, 0x0), (0xFFFFFFFC, 0x30000000))
FCNTL = (fcntl.F_DUPFD, fcntl.F_DUPFD_CLOEXEC, fcntl.F_GETFD, fcntl.F_SETFD, fcntl.F_GETFL)
WRITING = os.O_ACCMODE | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def why_not() -> str | None:
    """Why there is no seccomp here; None where there is."""
    if pyseccomp is None:
        return "the package pyseccomp or the library libseccomp is not installed"
    try:
        return None if pyseccomp.get_api() >= 1 else "libseccomp finds no seccomp in the kernel"
    except (NotImplementedError, OSError) as error:
        return f"libseccomp cannot say what the kernel has: {error}"


def restrict(*, driven: bool = False) -> None:
    """Put it on for good, for this process and every thread that it will have; with `driven` a graphics processor can be used."""
    found = pyseccomp.SyscallFilter(pyseccomp.ERRNO(errno.ENOSYS))
    found.set_attr(pyseccomp.Attr.CTL_OPTIMIZE, 2)
    for name in ALLOWED:
        _allow(found, name)
    argument, equal, masked = pyseccomp.Arg, pyseccomp.EQ, pyseccomp.MASKED_EQ
    _allow(found, "open", argument(1, masked, WRITING, 0))
    _allow(found, "openat", argument(2, masked, WRITING, 0))
    _allow(found, "clone", argument(0, masked, CLONE_THREAD, CLONE_THREAD))
    _allow(found, "tgkill", argument(0, equal, os.getpid()))
    _allow(found, "prlimit64", argument(0, equal, 0), argument(2, equal, 0))
    for name, place, values in (("prctl", 0, PRCTL), ("ioctl", 1, IOCTL), ("fcntl", 1, FCNTL)):
        for value in values:
            _allow(found, name, argument(place, equal, value))
    if driven:
        for name in DRIVER:
            _allow(found, name)
        for mask, left in DRIVER_IOCTL:
            _allow(found, "ioctl", argument(1, masked, mask, left))
        _allow(found, "openat", argument(2, masked, WRITING, os.O_RDWR))  # Landlock says which files
    found.load()


def _allow(found: pyseccomp.SyscallFilter, name: str, *conditions: pyseccomp.Arg) -> None:
    """Let a call through; one that libseccomp does not know, or this processor has not, is no loss."""
    number = pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name)
    if number >= 0:
        found.add_rule(pyseccomp.ALLOW, number, *conditions)
