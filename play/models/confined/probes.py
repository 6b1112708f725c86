"""What a confined process must not be able to do, each tried for real; harmless where it is not refused.

The zygote tries all of them at start, in a process that is confined as those of models are: what is not refused is said.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import platform
import resource
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from play.models.confined import limits

REFUSALS = (errno.EPERM, errno.EACCES, errno.ENOSYS)
IO_URING_SETUP = 425
NUMBERS = {"x86_64": {"bpf": 321, "keyctl": 250}, "aarch64": {"bpf": 280, "keyctl": 219}}
"""Of system calls for which the C library has no function; io_uring's is the same everywhere."""


@dataclass(frozen=True)
class Target:
    """What is tried on: the process that forked this one, its parent, the worker, and a folder in which everyone may write."""

    zygote: int
    worker: int
    folder: str
    most_memory_bytes: int


def _read_a_file(target: Target) -> None:
    with open("/etc/passwd", "rb"):
        pass


def _write_a_file(target: Target) -> None:
    path = os.path.join(target.folder, f"ringrift-probe-{os.getpid()}")
    with open(path, "xb"):
        os.unlink(path)


def _make_a_folder(target: Target) -> None:
    path = os.path.join(target.folder, f"ringrift-probe-{os.getpid()}.d")
    os.mkdir(path)
    os.rmdir(path)


def _list_a_folder(target: Target) -> None:
    os.listdir("/")


def _tcp(target: Target) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as one:
        one.settimeout(1)
        one.connect(("127.0.0.1", 9))


def _udp(target: Target) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.sendto(b"", ("127.0.0.1", 9))


def _unix_socket(target: Target) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as one:
        one.connect(os.path.join(target.folder, "ringrift-probe.sock"))


def _abstract_unix_socket(target: Target) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as one:
        one.bind(f"\0ringrift-probe-{os.getpid()}")


def _fork(target: Target) -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


def _environment(target: Target) -> None:
    for process in (target.zygote, target.worker):
        try:
            with open(f"/proc/{process}/environ", "rb"):
                return
        except OSError as error:
            refusal = error
    raise refusal


def _memory_of_another(target: Target) -> None:
    with open(f"/proc/{target.zygote}/mem", "rb"):
        pass


def _signal(target: Target) -> None:
    os.kill(target.zygote, 0)


def _trace(target: Target) -> None:
    _called(limits.libc().ptrace(2, target.zygote, 0, 0))


def _namespace(target: Target) -> None:
    _called(limits.libc().unshare(0))


def _io_uring(target: Target) -> None:
    _called(limits.libc().syscall(IO_URING_SETUP, 0, 0))


def _bpf(target: Target) -> None:
    _called(limits.libc().syscall(_number("bpf"), -1, 0, 0))


def _keys(target: Target) -> None:
    _called(limits.libc().syscall(_number("keyctl"), 0, -1, 0))


def _more_memory(target: Target) -> None:
    try:
        mmap.mmap(-1, target.most_memory_bytes + (1 << 20)).close()
    except MemoryError as error:
        raise PermissionError from error
    except OSError as error:
        raise (PermissionError() if error.errno == errno.ENOMEM else error) from error


def _higher_limits(target: Target) -> None:
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    except ValueError as error:  # how Python calls a refusal here
        raise PermissionError from error


def _core_dump(target: Target) -> None:
    _refused_if(resource.getrlimit(resource.RLIMIT_CORE) == (0, 0))


def _growing_files(target: Target) -> None:
    _refused_if(resource.getrlimit(resource.RLIMIT_FSIZE) == (0, 0))


def _new_privileges(target: Target) -> None:
    _refused_if(_prctl(limits.PR_GET_NO_NEW_PRIVS) == 1)


def _being_looked_into(target: Target) -> None:
    _refused_if(_prctl(limits.PR_GET_DUMPABLE) == 0)


def _outliving(target: Target) -> None:
    found = ctypes.c_int()
    limits.libc().prctl(limits.PR_GET_PDEATHSIG, ctypes.byref(found), 0, 0, 0)
    _refused_if(found.value == signal.SIGKILL)


def _exec(target: Target) -> None:
    os.execv(sys.executable, [sys.executable, "-S", "-c", ""])


PROBES: Mapping[str, Callable[[Target], None]] = {
    "read a file": _read_a_file,
    "list a folder": _list_a_folder,
    "write a file": _write_a_file,
    "make a folder": _make_a_folder,
    "speak TCP": _tcp,
    "speak UDP": _udp,
    "speak to a Unix socket": _unix_socket,
    "open an abstract Unix socket": _abstract_unix_socket,
    "start a process": _fork,
    "read another's environment": _environment,
    "read another's memory": _memory_of_another,
    "signal another": _signal,
    "trace another": _trace,
    "enter a namespace": _namespace,
    "use io_uring": _io_uring,
    "use bpf": _bpf,
    "use the kernel's keys": _keys,
    "take more memory": _more_memory,
    "raise its limits": _higher_limits,
    "leave a core dump": _core_dump,
    "make a file grow": _growing_files,
    "win privileges": _new_privileges,
    "be looked into": _being_looked_into,
    "outlive its parent": _outliving,
    "run a program": _exec,  # the last, because whoever succeeds says nothing more
}


def tried(target: Target) -> Iterator[tuple[str, str | None]]:
    """Every probe by name, with None where it was refused, and else with what happened."""
    for name, probe in PROBES.items():
        yield name, outcome(probe, target)


def outcome(probe: Callable[[Target], None], target: Target) -> str | None:
    """None for a refusal, which is an OSError of the right kind; anything else shows that it could be done, or at least tried."""
    try:
        probe(target)
    except OSError as error:
        return None if error.errno in REFUSALS or isinstance(error, PermissionError) else f"it was tried: {error}"
    except Exception as error:  # a probe that cannot be made shows nothing
        return f"it cannot be told: {error!r}"
    return "it worked"


def _called(result: int) -> None:
    """The OSError of a C function that failed."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _prctl(question: int) -> int:
    return int(limits.libc().prctl(question, 0, 0, 0, 0))


def _refused_if(holds: bool) -> None:
    if holds:
        raise PermissionError


def _number(name: str) -> int:
    return NUMBERS[platform.machine()][name]
