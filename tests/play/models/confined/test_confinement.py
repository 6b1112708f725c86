"""What whoever found a hole in a reader of models could do: nothing, as root and as an ordinary user."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from play.models.confined.helper import KEEP_MEMORY, KEPT, ONE_THREAD
from play.models.confined.host import ModelHost
from play.models.confined.probes import PROBES
from tests.house.tree import ROOT
from tests.kit.back_door import door
from tests.kit.ordinary_user import as_ordinary_user
from tests.play.models.confined.conftest import OpenDoor

PROBING = """
import os
from play.models.confined.probes import Target, tried
target = Target(os.getppid(), int(file.name), "/tmp", 4 * 1024**3)
notes = [f"{name}: {why}" for name, why in tried(target) if why is not None] + [f"user {os.getuid()}"]
"""
OWN = {
    "another model": "open('OTHER', 'rb')",
    "the folder of the model": "os.listdir('FOLDER')",
    "a link to another model": "open('/proc/self/root/OTHER', 'rb')",
    "its own file, to write": "open('MODEL', 'r+b')",
    "its own file, to delete": "os.unlink('MODEL')",
    "its own file, to rename": "os.rename('MODEL', 'MODEL.new')",
    "its own file, for others": "os.chmod('MODEL', 0o777)",
    "the suite's folder": "os.listdir('ROOT')",
    "settings beside the code": "open('ROOT/.env.example')",
    "code, to write": "open('ROOT/play/__init__.py', 'a')",
    "users": "open('/etc/shadow')",
    "the worker's environment": "open('/proc/WORKER/environ')",
    "the worker's memory": "open('/proc/WORKER/mem', 'rb')",
    "the worker's files": "os.listdir('/proc/WORKER/fd')",
    "its own memory by a file": "open('/proc/self/mem', 'r+b')",
    "a pair of sockets": "socket.socketpair()",
    "a socket to listen": "socket.create_server(('127.0.0.1', 0))",
    "a name": "socket.create_connection(('localhost', 9), 1)",
    "raw packets": "socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)",
    "netlink": "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
    "vsock": "socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)",
    "a signal to the worker": "os.kill(WORKER, 0)",
    "a signal to everyone": "os.kill(-1, 0)",
    "a signal to its group": "os.killpg(0, 0)",
    "a program": "os.system('true') and os.execv('/bin/true', ['true']) or os.execv('/bin/true', ['true'])",
    "a program out of memory": "os.memfd_create('x')",
    "another user": "os.setuid(1)",
    "a folder as root": "os.chroot('FOLDER')",
    "a device": "os.mknod('FOLDER/device')",
    "a pipe with a name": "os.mkfifo('FOLDER/pipe')",
    "a link": "os.symlink('/etc/passwd', 'FOLDER/link')",
    "a hard link": "os.link('/etc/passwd', 'FOLDER/link')",
    "a time of a file": "os.utime('MODEL')",
    "a shorter file": "os.truncate('MODEL', 0)",
    "more priority": "os.nice(-5)",
    "other processors": "os.sched_setaffinity(0, {0})",
    "what others do": "os.listdir('/proc')",
    "the worker's limits": "resource.prlimit(WORKER, resource.RLIMIT_NOFILE)",
    "a descriptor that lets the kernel signal others": "fcntl.fcntl(3, fcntl.F_SETOWN, WORKER)",
    "shared memory that shrinks": "os.ftruncate(4, 0)",
}  # fmt: skip
WHAT_IT_HAS = """
import os

def is_open(number):
    try:
        os.fstat(number)
        return True
    except OSError:
        return False

notes = [",".join(sorted(os.environ))] + [str(number) for number in range(64) if is_open(number)]
"""
ATTEMPT = """
import fcntl, os, resource, socket
try:
    CODE
    notes = ["it worked"]
except OSError as error:
    notes = [type(error).__name__, str(error.errno)]
"""


def run_worker(folder: Path, wrap: Any) -> Any:
    """What a worker of its own says of the files in a folder."""
    command = [sys.executable, "-m", "tests.kit.confined_worker", str(folder)]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{ROOT}:{ROOT / 'client'}", "SECRET": "of the worker"}
    ended = subprocess.run(
        wrap(command), input="", capture_output=True, text=True, cwd=ROOT, env=environment, timeout=150
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


@pytest.mark.parametrize("user", ["this one", "an ordinary one"])
def test_every_probe_is_refused(user: str, open_folder: Path) -> None:
    """The self-test and a model itself find the same: each probe is refused, to root and to an ordinary user."""
    models, keep = open_folder / "models", open_folder / "keep"
    for folder in (models, keep):
        folder.mkdir()
        folder.chmod(0o777)
    door(models / "a.pth", PROBING)
    said = run_worker(models, (lambda command: command) if user == "this one" else lambda c: as_ordinary_user(c, keep))
    uid = os.getuid() if user == "this one" or os.getuid() else 65534
    assert said["name"] == "full", said["level"]
    assert set(said["level"]["holds"]) == set(PROBES)
    assert said["models"]["a.pth"]["notes"] == [f"user {uid}"]


def test_probes_can_be_refused_and_can_succeed(tmp_path: Path) -> None:
    """Outside a confined process not one of them is refused, so that a refusal means something."""
    if os.getuid():
        pytest.skip("an ordinary user is refused some by the system itself")
    code = f"""if True:
        import json, os
        from play.models.confined.probes import PROBES, Target, outcome
        target = Target(os.getppid(), os.getppid(), {str(tmp_path)!r}, 1 << 20)
        tried = {{name: outcome(probe, target) for name, probe in list(PROBES.items())[:-1]}}
        print(json.dumps([name for name, why in tried.items() if why is None]), flush=True)
        [last] = list(PROBES.values())[-1:]
        last(target)
        os._exit(5)"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert ended.stdout == "[]\n", ended.stderr
    assert ended.returncode == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("attempt", OWN)
def test_nothing_but_its_own_file_can_be_reached(attempt: str, open_door: OpenDoor, tmp_path: Path) -> None:
    """Whatever it tries ends in a refusal of the kernel, and leaves nothing."""
    (tmp_path / "other.pth").write_bytes(b"secret")
    named = {
        "OTHER": str(tmp_path / "other.pth"), "FOLDER": str(tmp_path), "MODEL": str(tmp_path / "door-0.pth"), "ROOT": str(ROOT),
        "WORKER": str(os.getpid()),
    }  # fmt: skip
    code = OWN[attempt]
    for name, value in named.items():
        code = code.replace(name, value)
    before = (tmp_path / "other.pth").stat()
    model = open_door(ATTEMPT.replace("CODE", code))
    assert model.metadata.notes[0] in ("PermissionError", "OSError", "gaierror"), model.metadata.notes
    assert model.metadata.notes[1] in ("1", "13", "38", "-3")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["door-0.pth", "other.pth"]
    assert (tmp_path / "other.pth").stat().st_mode == before.st_mode


def test_it_sees_no_variable_and_no_descriptor_of_the_worker(open_door: OpenDoor) -> None:
    """Variables that numbers depend on; the standard streams, the conversation and the shared memory."""
    with (ROOT / "README.md").open() as opened_here:
        os.set_inheritable(opened_here.fileno(), True)
        model = open_door(WHAT_IT_HAS)
    variables, *descriptors = model.metadata.notes
    assert not {
        name
        for name in variables.split(",")
        if not name.startswith(("PYTHON", *ONE_THREAD, *KEEP_MEMORY, *KEPT, "LC_CTYPE"))
    }
    assert len(descriptors) == 5


def test_threads_still_work(open_door: OpenDoor) -> None:
    """A network may compute on several threads."""
    model = open_door("""
import threading
notes = []
thread = threading.Thread(target=lambda: notes.append("ran"))
thread.start()
thread.join()
""")
    assert model.metadata.notes == ["ran"]


def test_the_level_is_known_before_any_model_is_opened(host: ModelHost) -> None:
    """Here everything holds, and the words for a log say so."""
    assert host.level.words == "full (limits, landlock, seccomp)"
