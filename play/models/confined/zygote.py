"""The process that every confined one is forked from, so that libraries are loaded once: `python -m play.models.confined.zygote`.

It reads no model and runs no network: it has no threads, and so can fork. It ends with its worker, and ends its children.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec

from play.models.confined import child, self_test, wire
from play.models.confined.confinement import Confinement
from play.models.confined.wire import HEAD, Kind, Message
from play.models.device import device_here
from play.models.engine import networks_here

DESCRIPTORS = 3
LIBRARIES = ("numpy", "torch", "torch.utils._device", "play.models.formats.registry", "play.models.network")
EXTRAS = ("onnx", "onnxruntime")


class Zygote:
    """Forks and ends processes of models, one question at a time."""

    def __init__(self, control: socket.socket, confinement: Confinement, *, programs: bool) -> None:
        """`programs`: whether its children may run models that are programs."""
        self._control, self._confinement, self._programs = control, confinement, programs
        self._alive: set[int] = set()
        self._ended: dict[int, Mapping[str, float]] = {}
        self._answers: Mapping[Kind, Callable[[bytes, Sequence[int]], Message]] = {
            Kind.FORK: self._fork,
            Kind.END: self._end,
        }

    def serve(self, woken: int) -> None:
        """Answer until the worker is gone. `woken`: where a byte comes when a child has ended."""
        while True:
            ready, _, _ = select.select([self._control.fileno(), woken], [], [])
            if woken in ready:
                os.read(woken, 4096)
                self._reap(os.WNOHANG)
            if self._control.fileno() in ready and not self._answer():
                return

    def end_all(self) -> None:
        """End every child."""
        for pid in self._alive:
            os.kill(pid, signal.SIGKILL)
        self._reap(0)

    def _answer(self) -> bool:
        data, descriptors, _, _ = socket.recv_fds(self._control, HEAD.size, DESCRIPTORS)
        question = wire.read(self._control.fileno(), data) if data else None
        if question is None:
            return False
        try:
            answer = self._answers[question.kind](question.body, descriptors)
        finally:
            for each in descriptors:
                os.close(each)
        wire.write(self._control.fileno(), answer)
        return True

    def _fork(self, body: bytes, descriptors: Sequence[int]) -> Message:
        zygote = os.getpid()
        try:
            pid = os.fork()
        except OSError as error:
            return Message(Kind.FAILED, str(error).encode())
        if pid == 0:
            _forget_signals()
            child.run(descriptors, self._confinement, zygote, programs=self._programs)
        self._alive.add(pid)
        return Message(Kind.FORKED, json.dumps({"pid": pid}).encode())

    def _end(self, body: bytes, descriptors: Sequence[int]) -> Message:
        pid = json.loads(body)["pid"]
        if pid in self._alive:
            os.kill(pid, signal.SIGKILL)
            self._wait_for(pid, 0)
        return Message(Kind.ENDED, json.dumps(self._ended.pop(pid)).encode())

    def _reap(self, options: int) -> None:
        for pid in list(self._alive):
            self._wait_for(pid, options)

    def _wait_for(self, pid: int, options: int) -> None:
        found, status, used = os.wait4(pid, options)
        if found == pid:
            self._alive.remove(pid)
            code = os.waitstatus_to_exitcode(status)
            self._ended[pid] = {"code": code, "cpu_seconds": used.ru_utime + used.ru_stime}


def main() -> None:
    """Load everything, find the level, say it, and serve."""
    control = socket.socket(fileno=int(sys.argv[1]))
    _load()
    device = device_here(sys.argv[3])
    confinement = Confinement.found(int(sys.argv[2]), device)
    level = self_test.level(confinement).model_copy(update={"engine": networks_here(device)})
    woken = _wake_on_ended_children()
    gc.freeze()
    wire.write(control.fileno(), Message(Kind.READY, level.model_dump_json().encode()))
    os.dup2(0, 2)  # nobody listens from now on
    zygote = Zygote(control, confinement, programs=level.name == "full")
    try:
        zygote.serve(woken)
    finally:
        zygote.end_all()


def _load() -> None:
    """Everything that reading a file or a forward pass would load, on one thread."""
    for name in (*LIBRARIES, *(each for each in EXTRAS if find_spec(each) is not None)):
        import_module(name)
    import_module("torch").set_num_threads(1)
    if sys.platform == "linux" and (threads := len(os.listdir("/proc/self/task"))) > 1:
        raise RuntimeError(
            f"{threads} threads run once everything is loaded: a package starts some, and to fork is not safe"
        )


def _wake_on_ended_children() -> int:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    signal.set_wakeup_fd(writing)
    return reading


def _forget_signals() -> None:
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)


if __name__ == "__main__":
    main()
