"""A machine that is short of memory or room at this moment gives its games back, says why, and tries again."""

from __future__ import annotations

import errno
from dataclasses import replace
from pathlib import Path

import pytest

from services.gauntlet.worker.shortage import UNKNOWN, available_bytes
from shared.contract.words import EvaluationState
from tests.gauntlet.fake_work import FakeWorker
from tests.gauntlet.test_worker_loop import FIRST, GAMES, SECOND, WHOLE, seconds
from tests.gauntlet.test_worker_loop import Trial as WorkerTrial
from tests.gauntlet.trial import POLICY, Trial, report
from tests.kit.virtual_time import in_virtual_time

MIB = 1024**2
SHORT = "60 MiB of memory are free, and the models need 64 MiB"


@in_virtual_time
async def test_f15_a_worker_without_memory_gives_its_games_back() -> None:
    """With what is free and what is needed; once there is enough, it plays."""
    trial, free = WorkerTrial(FakeWorker([WHOLE]), claims=3), [60 * MIB, 60 * MIB, 1024 * MIB]
    trial.models.folder = Path(__file__).parent / "no folder"
    trial.loop = replace(trial.loop, available=lambda: free.pop(0))
    await trial.run()
    assert (trial.source.given_back, trial.source.reasons) == ([FIRST, SECOND], [SHORT, SHORT])
    assert trial.source.games == GAMES
    assert seconds() == pytest.approx(20), "it waits a while before it claims again"


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [(OSError(errno.ENOSPC, "No space left on device"), "No space left"), (OSError("away"), None)],
)
@in_virtual_time
async def test_f15_a_full_disk_is_said_and_other_troubles_are_not_the_machines(
    trouble: OSError, reason: str | None
) -> None:
    """The model could not be brought there; the next claim is played."""
    trial = WorkerTrial(FakeWorker([WHOLE]), claims=2)
    trial.models.trouble = trouble
    await trial.run()
    [said] = trial.source.reasons
    assert (said is None) == (reason is None)
    assert reason is None or reason in str(said)
    assert trial.source.games == GAMES


async def test_f15_what_a_worker_lacks_is_shown_until_games_are_recorded(trial: Trial) -> None:
    """The evaluation is not failed, however often it is given back, and other workers have its games at once."""
    evaluation_id = await trial.queue(policy=POLICY)
    for _ in range(5):
        work = await trial.claim()
        await trial.work.give_back(work.claim_id, SHORT)
    shown = await trial.evaluation(evaluation_id)
    assert (shown.state, shown.attempts, shown.waits_for) == (EvaluationState.RUNNING, 0, f"worker worker-0: {SHORT}")
    work = await trial.claim()
    await trial.work.report(work.claim_id, report(work))
    assert (await trial.evaluation(evaluation_id)).waits_for is None


def test_f15_the_container_s_limit_counts(tmp_path: Path) -> None:
    """Without what files have cached; without limit the machine's memory, and nothing is known of other systems."""
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal:  2048 kB\nMemAvailable:  1024 kB\n")
    assert available_bytes(tmp_path, meminfo) == MIB
    for name, text in (
        ("max", f"{MIB}\n"),
        ("current", f"{MIB // 2}\n"),
        ("stat", f"anon 5\ninactive_file {MIB // 8}\n"),
    ):
        (tmp_path / f"memory.{name}").write_text(text)
    assert available_bytes(tmp_path, meminfo) == MIB // 2 + MIB // 8
    (tmp_path / "memory.max").write_text("max\n")
    assert available_bytes(tmp_path, meminfo) == MIB
    assert available_bytes(tmp_path / "none", tmp_path / "none") == UNKNOWN
