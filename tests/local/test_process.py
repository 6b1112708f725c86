"""Supervised processes: waiting, stopping, and dying with their supervisor."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local.ports import free_port, free_ports, is_free
from local.process import Process, StartFailed
from tests.kit.waiting import until

CHECKOUT = Path(__file__).parents[2]
STUBBORN = (
    "import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
)
PARENT_OF_A_WORKER = (
    "import subprocess, sys, time; w = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); "
    "print('worker', w.pid, flush=True); time.sleep(600)"
)
SUPERVISOR = """
import sys, time
from pathlib import Path
from local.nats import Nats
from local.postgres import Postgres
from local.process import Process
folder = Path(sys.argv[1])
postgres, nats = Postgres(folder / "postgres", durable=False), Nats(folder / "nats")
child = Process("child", [sys.executable, "-c", "import time; time.sleep(600)"], log=folder / "child.log")
for part in (postgres, nats, child):
    part.start()
print(postgres.pid, nats.pid, child.pid, flush=True)
time.sleep(600)
"""


def python(program: str, log: Path, grace: float = 10.0) -> Process:
    """A supervised Python program."""
    return Process("child", [sys.executable, "-c", program], log=log, grace=grace)


def gone(pid: int) -> bool:
    """Whether a process has ended (a zombie that nobody reaps has ended too)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


@pytest.fixture
def folder() -> Iterator[Path]:
    """A temporary folder outside pytest's own, which other users may not enter."""
    with tempfile.TemporaryDirectory(prefix="ringrift-tests-") as name:
        yield Path(name)


@pytest.mark.parametrize("mode", [0o711, 0o700])
def test_kill_9_of_the_supervisor_leaves_nothing_and_the_next_one_starts(folder: Path, mode: int) -> None:
    """After SIGKILL of the supervisor every server and child ends, and the same folder can be started at once."""
    # for root the two modes are two ways of running Postgres
    folder.chmod(mode)
    command = [sys.executable, "-c", SUPERVISOR, str(folder)]
    pids: list[int] = []
    for _ in range(2):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=CHECKOUT) as supervisor:
            assert supervisor.stdout is not None
            pids += [int(pid) for pid in supervisor.stdout.readline().split()]
            supervisor.kill()
    assert len(set(pids)) == 6
    until(lambda: all(gone(pid) for pid in pids))


def test_stop_kills_what_ignores_it(tmp_path: Path) -> None:
    """A child that ignores SIGTERM is killed after the grace, and can be restarted."""
    with python(STUBBORN, tmp_path / "log", grace=0.1) as child:
        until(lambda: "up" in child.log_since_start())
        first = child.pid
        child.restart()
        until(lambda: "up" in child.log_since_start())
        assert first is not None
        assert gone(first)
        assert child.pid != first
    assert not child.running


@pytest.mark.parametrize("end", [Process.stop, Process.kill])
def test_what_the_child_started_ends_with_it(tmp_path: Path, end: Callable[[Process], None]) -> None:
    """The process group is swept: a worker that its parent left behind is killed."""
    with python(PARENT_OF_A_WORKER, tmp_path / "log") as child:
        until(lambda: "worker" in child.log_since_start())
        worker = int(child.log_since_start().split()[1])
        end(child)
        until(lambda: gone(worker))


def test_a_crash_sweeps_the_group_when_it_is_noticed(tmp_path: Path) -> None:
    """A child killed from outside is seen as ended, and its worker ends too."""
    with python(PARENT_OF_A_WORKER, tmp_path / "log") as child:
        until(lambda: "worker" in child.log_since_start())
        worker = int(child.log_since_start().split()[1])
        assert child.pid is not None
        os.kill(child.pid, signal.SIGKILL)
        until(lambda: not child.running)
        until(lambda: gone(worker))


def test_waiting_for_http_ends_when_it_answers(tmp_path: Path) -> None:
    """A child is ready when its address answers with success."""
    port = free_port()
    command = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port)]
    with Process("web", command, log=tmp_path / "log", cwd=tmp_path) as child:
        child.wait_for_http(f"http://127.0.0.1:{port}/")
        assert not is_free(port)


def test_waiting_for_http_reports_the_last_answer(tmp_path: Path) -> None:
    """A child that answers, but never with success, is stopped, and its last answer is in the error."""
    port = free_port()
    command = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port)]
    with Process("web", command, log=tmp_path / "log", cwd=tmp_path) as child:
        child.wait_for_http(f"http://127.0.0.1:{port}/")
        with pytest.raises(StartFailed, match="/readyz answered 404"):
            child.wait_for_http(f"http://127.0.0.1:{port}/readyz", timeout=0.1)
        assert not child.running


def test_a_child_that_ends_early_is_reported_with_its_log(tmp_path: Path) -> None:
    """The exit code and the last words of a child that failed are in the error."""
    child = python("raise SystemExit('no key set')", tmp_path / "log")
    with child, pytest.raises(StartFailed, match=r"(?s)exit code 1 .*no key set"):
        child.wait_for_http(f"http://127.0.0.1:{free_port()}/readyz")


def test_a_program_that_does_not_exist_is_reported(tmp_path: Path) -> None:
    """A missing program is named in the error."""
    child = Process("child", [tmp_path / "absent"], log=tmp_path / "log")
    with child, pytest.raises(StartFailed, match="cannot start .*absent"):
        child.wait_for_http(f"http://127.0.0.1:{free_port()}/readyz")


def test_ports_are_free_and_different() -> None:
    """Ports chosen together are distinct, and free until someone listens."""
    ports = free_ports(20)
    assert len(set(ports)) == 20
    assert all(is_free(port) for port in ports)
