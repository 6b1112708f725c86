"""Loopback ports that nothing listens on."""

import contextlib
import random
import socket

from local.process import Occupied, StartFailed

HOST = "127.0.0.1"
# Below the range from which Linux gives ports to outgoing connections, so that none of those takes a port
# between its being chosen here and its being bound by the program it was chosen for.
LOWEST, HIGHEST = 20_000, 32_000

_chosen: set[int] = set()
_random = random.SystemRandom()


def free_port() -> int:
    """A loopback port that is free now and was not given out by this process before."""
    for port in _random.sample(range(LOWEST, HIGHEST), k=1000):
        if port not in _chosen and is_free(port):
            _chosen.add(port)
            return port
    raise StartFailed(f"no free port found on {HOST} between {LOWEST} and {HIGHEST}")


def free_ports(count: int) -> list[int]:
    """`count` different free loopback ports."""
    return [free_port() for _ in range(count)]


def is_free(port: int, host: str = HOST) -> bool:
    """Whether a server could listen on this port of a loopback address now."""
    with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def require_free(port: int, name: str, host: str = HOST) -> None:
    """Raise Occupied if `name` could not listen on `port`."""
    if not is_free(port, host):
        raise Occupied(
            f"{name} cannot listen on {host}:{port}: another program already does, or the port is not ours to use. "
            "Stop that program, or give another port."
        )
