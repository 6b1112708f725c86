"""What is done to a running suite: each part stopped, frozen and killed, the database restored into another cluster, the stream
deleted, the clock set back. Each fault ends by itself, with everything running again."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from local.nats import Nats
from local.postgres import Postgres
from local.postgres_data import ENVIRONMENT
from local.postgres_roles import DATABASE, OWNER
from local.process import Process
from local.running import run
from local.suite import SERVICES, Suite
from shared.messaging.bus import Bus
from shared.messaging.permissions import STREAM

SOURCE = Path(__file__).with_name("clock.c")
Part = Postgres | Nats | Process
Fault = Callable[[], None]


class Clock:
    """The wall clock of Postgres and of every service started from now on, which may be set; other clocks stay true."""

    def __init__(self, folder: Path) -> None:
        self._file, library = folder / "clock", folder / "clock.so"
        self.set(0)
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, SOURCE, "-ldl"], check=True)
        environment = {"LD_PRELOAD": str(library), "CHAOS_CLOCK": str(self._file)}
        os.environ.update(environment)
        ENVIRONMENT.update(environment)

    def set(self, seconds: int) -> None:
        """Show a time that is so many seconds later than the true one."""
        self._file.write_text(f"{seconds}\n")
        self._file.chmod(0o644)


def faults(suite: Suite, clock: Clock, chance: random.Random) -> dict[str, Fault]:
    """Every fault by its name."""
    parts: dict[str, Part] = {"postgres": suite.postgres, "nats": suite.nats}
    parts |= {name: suite.processes[name] for name in (*SERVICES, *suite.addresses.nodes)}
    found: dict[str, Fault] = {}
    for name, part in parts.items():
        found[f"stop {name}"] = lambda part=part: _stopped(part, chance)  # type: ignore[misc]
        found[f"kill {name}"] = lambda part=part: _killed(part, chance)  # type: ignore[misc]
        found[f"freeze {name}"] = lambda part=part: _frozen(part, chance)  # type: ignore[misc]
    found["delete the stream"] = lambda: asyncio.run(_delete_stream(suite.nats.url))
    found["restore into another cluster"] = lambda: restored(suite)
    found["set the clock back an hour"] = lambda: _clock_back(clock, chance)
    return found


def _stopped(part: Part, chance: random.Random) -> None:
    part.stop()
    time.sleep(chance.uniform(0, 8))
    _start(part)


def _killed(part: Part, chance: random.Random) -> None:
    part.kill()
    time.sleep(chance.uniform(0, 3))
    _start(part)


def _start(part: Part) -> None:
    """Start a part, again if it must first recover."""
    for _ in range(30):
        try:
            return part.start()
        except RuntimeError:
            time.sleep(1)
    part.start()


def _frozen(part: Part, chance: random.Random) -> None:
    with _frozen_processes(part.pid):
        time.sleep(chance.uniform(1, 15))


@contextmanager
def _frozen_processes(pid: int | None) -> Iterator[None]:
    frozen = [pid, *_descendants(pid)] if pid else []
    _signal(frozen, signal.SIGSTOP)
    try:
        yield
    finally:
        _signal(frozen, signal.SIGCONT)


def _signal(processes: list[int], number: signal.Signals) -> None:
    for process in processes:
        try:
            os.kill(process, number)
        except ProcessLookupError:
            continue


def _descendants(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [each for child in map(int, children) for each in (child, *_descendants(child))]


async def _delete_stream(nats_url: str) -> None:
    bus = Bus(nats_url, "chaos")
    try:
        await (await bus.connect()).jetstream().delete_stream(STREAM)
    finally:
        await bus.close()


def restored(suite: Suite) -> None:
    """Dump the database while nobody writes, and restore it."""
    for name in SERVICES:
        suite.processes[name].kill()
    restored_from(suite, dumped(suite))


def dumped(suite: Suite) -> Path:
    """A dump of the database as it is now."""
    postgres, dump = suite.postgres, suite.folder / "chaos.dump"
    tool = [str(postgres.binaries / "pg_dump"), *_login(postgres), "-Fc", "-f", str(dump)]
    run(tool, {**ENVIRONMENT, "PGPASSWORD": postgres.password})
    return dump


def _login(postgres: Postgres) -> list[str]:
    return ["-h", "127.0.0.1", "-p", str(postgres.port), "-U", "postgres", "-d", DATABASE]


def restored_from(suite: Suite, dump: Path) -> None:
    """Restore a dump into a cluster made anew, where transactions count from the start."""
    postgres, password = suite.postgres, suite.postgres.password
    for name in SERVICES:
        suite.processes[name].kill()
    postgres.stop()
    postgres.data.rename(postgres.data.with_name(f"data-{time.time_ns()}"))
    _start(postgres)
    for role in (OWNER, "postgres"):
        postgres.execute(f"ALTER ROLE {role} PASSWORD '{password}'")
    (postgres.folder / "password").write_text(password)
    for role in postgres.roles:
        postgres.execute(f"ALTER ROLE {role} PASSWORD '{postgres.password_of(role)}'")
    tool = [str(postgres.binaries / "pg_restore"), *_login(postgres), str(dump)]
    run(tool, {**ENVIRONMENT, "PGPASSWORD": postgres.password})
    for name in SERVICES:
        _start(suite.processes[name])


def _clock_back(clock: Clock, chance: random.Random) -> None:
    clock.set(-3600)
    time.sleep(chance.uniform(20, 60))
    clock.set(0)
