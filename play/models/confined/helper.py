"""The zygote as the worker sees it: started once, asked for processes, ended with everything that it has forked."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from threading import Lock
from typing import NamedTuple

from play.models.confined.channel import Channel, ClosedError
from play.models.confined.errors import ModelLostError
from play.models.confined.level import Level
from play.models.confined.wire import Kind, Message
from play.models.formats.format import shown

START_SECONDS = 120.0
ANSWER_SECONDS = 30.0
END_SECONDS = 10.0
KEPT = ("ATEN_", "DNNL_", "KMP_", "LD_LIBRARY_PATH", "MKL_", "ONEDNN_")
"""How the variables begin that change how numbers are computed, or where libraries are; they hold no secrets."""
ONE_THREAD = {
    name: "1" for name in ("MKL_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ORT_DISABLE_TELEMETRY")
}

KEEP_MEMORY = {name: str(32 * 1024**2) for name in ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_")}
"""To the C library: what one forward pass gives back is kept for the next, rather than fetched page by page each time."""


class Ended(NamedTuple):
    """How a process ended: its exit code, negative for a signal, and the processor seconds that it took."""

    code: int
    cpu_seconds: float


class Helper:
    """A running zygote. ModelLostError from any method when it is gone or does not answer."""

    def __init__(self, most_memory_bytes: int, device: str) -> None:
        ours, theirs = socket.socketpair()
        reading, writing = os.pipe()
        command = [
            sys.executable,
            "-P",
            "-m",
            "play.models.confined.zygote",
            str(theirs.fileno()),
            str(most_memory_bytes),
            device,
        ]
        try:
            self._process = subprocess.Popen(
                command, env=_environment(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=writing,
                pass_fds=(theirs.fileno(),), start_new_session=True,
            )  # fmt: skip
        finally:
            theirs.close()
            os.close(writing)
        self._channel = Channel(ours, reading)
        self._level: Level | None = None
        self._lock = Lock()
        self.closed = False

    @property
    def running(self) -> bool:
        """Whether it runs."""
        return self._process.poll() is None

    def level(self) -> Level:
        """What its self-test found; waits until it is ready."""
        if self._level is None:
            try:
                self._level = Level.model_validate_json(self._channel.hear(START_SECONDS).body)
            except (ClosedError, TimeoutError, ValueError) as error:
                words = "it was closed" if self.closed else self._channel.last_words()[-800:]
                text = f"the helper for models did not start: {shown(words, 800)}"
                raise ModelLostError(text) from error
        return self._level

    def fork(self, descriptors: Sequence[int]) -> int:
        """The id of a new process, to which copies of these belong: control, memory, standard error."""
        self.level()
        return int(json.loads(self._ask(Message(Kind.FORK), Kind.FORKED, descriptors))["pid"])

    def end(self, pid: int) -> Ended:
        """End a process that it forked; returns when it is gone."""
        question = Message(Kind.END, json.dumps({"pid": pid}).encode())
        return Ended(**json.loads(self._ask(question, Kind.ENDED)))

    def close(self) -> None:
        """End it, and every process that it has forked. Does nothing the second time."""
        if self.closed:
            return
        self.closed = True
        self._channel.close()
        if self._level is None:  # it does not listen yet
            self._process.kill()
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _ask(self, question: Message, wanted: Kind, descriptors: Sequence[int] = ()) -> bytes:
        try:
            with self._lock:
                answer = self._channel.ask(question, ANSWER_SECONDS, descriptors)
        except (ClosedError, TimeoutError) as error:
            self._process.kill()  # whatever it may still say would be taken for the answer to the next question
            raise ModelLostError("the helper that starts processes for models is gone") from error
        if answer.kind is not wanted:
            raise ModelLostError(f"no process for a model could be started: {answer.body.decode()}")
        return answer.body


def _environment() -> dict[str, str]:
    """Nothing of this process's but what numbers and libraries depend on."""
    kept = {name: value for name, value in os.environ.items() if name.startswith(KEPT)}
    path = os.pathsep.join(os.path.abspath(each) for each in sys.path)
    return kept | ONE_THREAD | KEEP_MEMORY | {"PYTHONPATH": path, "PYTHONUTF8": "1"}
