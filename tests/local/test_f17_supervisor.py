"""`ringrift up` copes with what passes: whatever dies or hangs runs again; it ends only on what cannot pass, and says why."""

import os
import random
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.up import CHILDREN, Up, running_up
from tests.kit.waiting import until


@pytest.fixture
def folder() -> Iterator[Path]:
    """A temporary folder that other users may enter."""
    with tempfile.TemporaryDirectory(prefix="ringrift-tests-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o711)
        yield Path(name)


def kill(up: Up, name: str, number: signal.Signals = signal.SIGKILL) -> int:
    """Send a child a signal as soon as it runs; its process id."""
    pid = until(lambda: up.child(name), 60, lambda: up.said)
    assert pid is not None
    os.kill(pid, number)
    return pid


def test_f17_each_child_killed_at_a_random_moment_of_the_start(folder: Path) -> None:
    """However early or late in the start each is killed, the suite comes up healthy, and says of each that it had died."""
    chance = random.Random(1)
    with running_up("--data", folder / "data", folder=folder) as up:
        for name in CHILDREN:
            until(lambda name=name: up.child(name), 60, lambda: up.said)  # type: ignore[misc]
            moment = time.monotonic() + chance.expovariate(5)
            until(lambda moment=moment: time.monotonic() > moment)  # type: ignore[misc]
            kill(up, name)
        up.wait()
        until(up.is_healthy, 60, lambda: up.said)
        for name in CHILDREN:
            assert f"{name} was killed (SIGKILL); it is started again" in up.said, up.said


def test_f17_each_child_killed_while_it_runs(folder: Path) -> None:
    """Each is started again, alone or together with others, and the suite is healthy afterwards."""
    chance = random.Random(3)
    with running_up("--data", folder / "data", folder=folder) as up:
        up.wait()
        names = chance.sample(CHILDREN, k=len(CHILDREN))
        for together in (names[:1], names[1:3], names[3:]):
            for name in together:
                before = kill(up, name)
                until(lambda name=name, before=before: up.child(name) not in (None, before), 60)  # type: ignore[misc]
        until(up.is_healthy, 60, lambda: up.said)
        assert up.process.poll() is None


def test_f17_a_child_that_is_stopped_is_started_again(folder: Path) -> None:
    """One that answers nothing for a while is killed and started again, which is said; so are several."""
    with running_up("--data", folder / "data", folder=folder, hang_seconds=3) as up:
        up.wait()
        stopped = {name: kill(up, name, signal.SIGSTOP) for name in ("Postgres", "distribution", "NATS")}
        for name, pid in stopped.items():
            until(lambda name=name, pid=pid: up.child(name) not in (None, pid), 60, lambda: up.said)  # type: ignore[misc]
            assert f"{name} has not answered for " in up.said
        until(up.is_healthy, 60, lambda: up.said)


def test_f17_settings_that_cannot_work_end_it_in_words(folder: Path) -> None:
    """What only a person can mend ends it at once, with what that is and no traceback."""
    with running_up("--data", folder / "data", folder=folder, settings={"GAUNTLET_GAMES": "many"}) as up:
        assert up.process.wait(60) == 1
        assert all(word in up.said for word in ("promotion cannot start", "RINGRIFT_GAUNTLET_GAMES")), up.said
        assert "Traceback" not in up.said


def test_f17_a_data_folder_of_another_version_is_named(folder: Path) -> None:
    """Data of another Postgres is left alone; the versions and what to do are said."""
    data = folder / "data" / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("11\n")
    (data.parent / "password").write_text("p")
    with running_up("--data", folder / "data", folder=folder) as up:
        assert up.process.wait(60) == 1
        assert "was made by Postgres 11, and this is Postgres" in up.said
        assert "Dump it with the old one" in up.said


def test_f17_a_folder_that_cannot_be_used_is_named(folder: Path) -> None:
    """A file where the folder should be ends it in one sentence."""
    (folder / "data").write_text("a file")
    with running_up("--data", folder / "data", folder=folder) as up:
        assert up.process.wait(60) == 1
        assert f"the folder {folder / 'data'} cannot be used: File exists" in up.said


@pytest.mark.skipif(
    subprocess.run(["unshare", "-m", "true"], check=False).returncode != 0, reason="mounts a small disk"
)
def test_f17_a_full_disk_is_said_and_waited_for(folder: Path) -> None:
    """While there is no space it says so in one line, and goes on by itself when there is some."""
    data = folder / "data"
    mount = 'mount -t tmpfs -o size=20m,mode=711 small "$1" && shift && exec "$@"'
    data.mkdir()
    with running_up("--data", data, folder=folder, before=["unshare", "-m", "/bin/sh", "-c", mount, "sh", data]) as up:
        until(lambda: "No space left on device" in up.said or up.process.poll() is not None, 60, lambda: up.said)
        subprocess.run(["nsenter", "-m", "-t", str(up.process.pid), "mount", "-o", "remount,size=1g", data], check=True)
        up.wait()
        assert up.said.count("No space left on device") < 5, up.said
