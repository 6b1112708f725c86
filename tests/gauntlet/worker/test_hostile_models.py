"""The hostile corpus through the worker's door: every file is refused, does nothing, leaves nothing, and takes no memory."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from play.models.model_file import ModelFile
from services.gauntlet.worker.job import WORKER_MESSAGE, JobDone, JobFailed, ModelLoaded, WorkerMessage
from tests.gauntlet.worker.test_worker import ROOT, run_jobs
from tests.kit.foreign_models import ARCHITECTURE, PARAMETERS, write
from tests.kit.hostile_models import CORPUS
from tests.kit.hostile_pickles import call, torch_zip
from tests.kit.jobs import make_job, tiny_checkpoint

FLAT_KILOBYTES = 96 * 1024
ARMED = (
    "os.system", "posix.system by stack_global", "subprocess", "exec", "cProfile", "inst", "obj",
    "pickle in a pickle",
)  # fmt: skip


def job_line(path: Path) -> str:
    """A job that only loads its candidate."""
    file = ModelFile(path=path, name=f"models/{path.name}", architecture=ARCHITECTURE, parameters=PARAMETERS)
    return make_job(file).model_dump_json()


@dataclass
class Watched:
    """A worker whose deeds are seen."""

    process: subprocess.Popen[str]

    def plays(self, path: Path) -> tuple[list[WorkerMessage], Any]:
        """Its messages on a job, and what it did meanwhile."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{job_line(path)}\n")
        self.process.stdin.flush()
        messages: list[WorkerMessage] = []
        for line in self.process.stdout:
            said = json.loads(line)
            if "deeds" in said:
                return messages, said
            messages.append(WORKER_MESSAGE.validate_json(line))
        raise AssertionError(f"the worker ended with code {self.process.wait()}")


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One worker for all files, which has read a harmless one of each format, and refused one."""
    folder = tmp_path_factory.mktemp("harmless")
    pipe = subprocess.PIPE
    command = [sys.executable, "-m", "tests.kit.watched_worker"]
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True) as process:
        watched = Watched(process)
        for path in (tiny_checkpoint(folder / "own.pth"), write("safetensors", folder), write("ONNX", folder)):
            messages, _ = watched.plays(path)
            assert isinstance(messages[0], ModelLoaded), messages
        torch_zip(folder / "refused.pth", call("harmless", "name"))
        watched.plays(folder / "refused.pth")
        watched.first = watched.plays(folder / "own.pth")[1]["kilobytes"]  # type: ignore[attr-defined]
        yield watched
        assert process.stdin is not None
        process.stdin.close()


@pytest.mark.parametrize("name", CORPUS)
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
def test_f13_a_hostile_file_is_refused_without_a_trace(name: str, worker: Any, tmp_path: Path) -> None:
    """One message, model_invalid; no mark, no file beside it, no call that could have made one, and no more memory."""
    folder, mark = tmp_path / "models", tmp_path / "mark"
    folder.mkdir()
    CORPUS[name](folder / "hostile.pth", mark)
    messages, seen = worker.plays(folder / "hostile.pth")
    assert [type(each) for each in messages] == [JobFailed]
    assert messages[0].code == "model_invalid"
    assert messages[0].reason.startswith("models/hostile.pth: ")
    assert seen["deeds"] == []
    assert seen["kilobytes"] - worker.first < FLAT_KILOBYTES
    assert list(tmp_path.iterdir()) == [folder]
    assert list(folder.iterdir()) == [folder / "hostile.pth"]


@pytest.mark.parametrize(
    "name", ["pickle: posix.system by stack_global", "zip: two indices", "onnx: weights in /etc/passwd"]
)
def test_f13_the_worker_process_itself_refuses_and_lives_on(name: str, tmp_path: Path) -> None:
    """It answers and waits for the next job, so that nobody tries again and the next candidate is played."""
    CORPUS[name](tmp_path / "hostile.pth", tmp_path / "mark")
    harmless = tiny_checkpoint(tmp_path / "own.pth")
    messages = run_jobs([job_line(tmp_path / "hostile.pth"), job_line(harmless)])
    assert [type(each) for each in messages] == [JobFailed, ModelLoaded, JobDone]
    assert not (tmp_path / "mark").exists()


@pytest.mark.parametrize("name", ARMED)
def test_the_corpus_is_armed(name: str, tmp_path: Path) -> None:
    """Read without care, by a program of its own, its pickles do leave their mark."""
    CORPUS[f"pickle: {name}"](tmp_path / "armed.pth", tmp_path / "mark")
    with zipfile.ZipFile(tmp_path / "armed.pth") as archive:
        index = archive.read("archive/data.pkl")
    careless = [sys.executable, "-c", "import pickle, sys; pickle.load(sys.stdin.buffer)"]
    subprocess.run(careless, input=index, capture_output=True, timeout=60)
    assert (tmp_path / "mark").exists()
