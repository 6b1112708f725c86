"""Turns into another program, one that dies with the process that started it.

Run as a script by `local.process`, never imported: `python -I -S child.py PARENT SIGNAL IDENTITY PROGRAM ARG...`.
Uses the standard library only, because it runs before any environment is set up. It is a program of its own, not a
`preexec_fn`, because forking Python code is unsafe in a process that has threads.

IDENTITY is `self`, `user:UID:GID` (drop privileges to that user) or `namespace:UID:GID` (a user namespace in which
the caller looks like that user to the program, while its files stay the caller's own).
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1
CLONE_NEWUSER = 0x10000000


def main(parent: int, signal_number: int, identity: str, program: list[str]) -> None:
    """Take the identity, tie this process to its parent, and become the program."""
    try:
        take_identity(identity)
        # After the identity: a change of user clears the death signal.
        die_with_parent(parent, signal_number)
        os.execv(program[0], program)
    except OSError as error:
        sys.exit(f"cannot start {program[0]} as {identity}: {error}")


def take_identity(identity: str) -> None:
    """Become the user that `identity` names."""
    kind, *numbers = identity.split(":")
    if kind == "user":
        os.setgroups([])
        os.setgid(int(numbers[1]))
        os.setuid(int(numbers[0]))
    elif kind == "namespace":
        enter_namespace(int(numbers[0]), int(numbers[1]))


def enter_namespace(uid: int, gid: int) -> None:
    """Enter a user namespace that shows the present user as `uid` and `gid` (user_namespaces(7))."""
    outer_uid, outer_gid = os.geteuid(), os.getegid()
    check(ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWUSER))
    for name, line in (("setgroups", "deny"), ("uid_map", f"{uid} {outer_uid} 1"), ("gid_map", f"{gid} {outer_gid} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(line)


def die_with_parent(parent: int, signal_number: int) -> None:
    """Have the kernel send `signal_number` to this process when the thread that started it ends (Linux only)."""
    if sys.platform == "linux":
        check(ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0))
    if os.getppid() != parent:
        sys.exit("the process that started this one is gone")


def check(result: int) -> None:
    """Raise OSError if a C library call failed."""
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:])
