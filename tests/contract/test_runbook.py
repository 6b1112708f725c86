"""docs/runbook.md, block by block: each is typed as it is printed, in order, at a whole suite, and does what it promises.

Its troubles are provoked on the way: what the page tells to look at, and `ringrift doctor`, have to name the cause.
"""

from __future__ import annotations

import difflib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.blocks import blocks
from tests.contract.desk import PAGE, Desk, desk
from tests.kit.waiting import until

SPECIFICATION = Path(__file__).resolve().parents[1] / "data" / "runbook.md"
CHANGED = {
    "Direct programmatic API": ("\nresult = await controller", "Python takes `await` in a coroutine only"),
    "Manual distribution": ("\nawait wait_for_model_distribution", "Python takes `await` in a coroutine only"),
    "3. Wrong model promoted": ("weights_only=False", "a file that is unpickled can do anything"),
}
"""What cannot be printed as it is specified, by heading, with the reason."""
PROMOTION, DISTRIBUTION, CANONICAL, GAUNTLET = (
    "1. Model not promoting after training", "2. Distribution stuck", "3. Wrong model promoted", "4. Gauntlet evaluation failing",
)  # fmt: skip


@pytest.fixture(scope="module")
def at(request: pytest.FixtureRequest) -> Iterator[Desk]:
    """One suite for all blocks; at the end it says what was seen of each."""
    with desk() as found:
        yield found
        with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
            print(f"\n{found.table()}")


def test_every_block_of_the_specification_is_on_the_page() -> None:
    """In the same order, in the same words but where those cannot work, under the same heading."""
    specified, printed = blocks(SPECIFICATION.read_text()), blocks(PAGE.read_text())
    assert [(each.language, each.place) for each in specified] == [(each.language, each.place) for each in printed]
    for block, ours in zip(specified, printed, strict=True):
        cannot, _ = CHANGED.get(ours.heading, ("", ""))
        if cannot and cannot in block.text:
            assert cannot not in ours.text
            assert difflib.SequenceMatcher(None, block.text, ours.text).ratio() > 0.7
        else:
            assert ours.text == block.text


def test_auto_promote(at: Desk) -> None:
    """A model is evaluated, promoted and brought to every node; tried without effect; and another one promoted by force."""
    block = at.opens("Using auto_promote.py")
    at.has("trained")
    said = at.runs(block, 0, "version 1 is on every node: node-1, node-2")
    assert "promoted: hex8_2p is now canonical version 1" in said
    at.runs(block, 1, "would be promoted")
    at.has("successor")
    at.runs(block, 2, "promoted: hex8_2p is now canonical version 2")


def test_the_admin_endpoint(at: Desk) -> None:
    """A promotion is asked for over HTTP, and the status shows what became of it."""
    block = at.opens("Via the admin endpoint")
    at.has("untrained")
    at.runs(block, 0, '"state":"open"')
    until(lambda: at.event("MODEL_PROMOTION_FAILED"), 60)
    at.runs(block, 1, '"verdict": "failed"')


def test_the_programmatic_interface(at: Desk) -> None:
    """A program is told that the model was not promoted, and why."""
    at.runs(at.opens("Direct programmatic API"), 0, "Promotion failed: random: ")


def test_the_distribution_is_seen_and_asked_for(at: Desk) -> None:
    """Every node holds the canonical version, by its own report; asked for again, it is waited for."""
    block = at.opens("Distribution status")
    at.runs(block, 0, '"complete": true')
    at.runs(block, 1, "node-1: OK\nnode-2: OK\n")
    block = at.opens("Manual distribution")
    at.runs(block, 0, '"version":2')
    at.runs(block, 1, "Distribution complete")


def test_a_model_that_fails_a_gate(at: Desk) -> None:
    """The log has the win rates beside what is needed, the status the end of the evaluation, the controller the reasons."""
    block = at.opens(PROMOTION)
    at.runs(block, 0, '"type": "EVALUATION_COMPLETED"')
    [*_, line] = [each for each in at.runs(block, 1, "gauntlet completed").splitlines() if "gauntlet completed" in each]
    assert '"needed": {"random": 0.85' in line
    at.runs(block, 2, "'verdict': 'failed'")
    assert "was not promoted: gates_failed" in at.diagnosed()


def test_a_gauntlet_that_was_not_triggered(at: Desk) -> None:
    """While the gauntlet is away the status says so, and trainers are told that nobody took the announcement."""
    at.operator.kill("gauntlet")
    assert '"status": "unreachable"' in at.types("curl -s http://localhost:8770/status | jq '.daemons.GAUNTLET'")
    assert "trouble the gauntlet service cannot be reached" in at.diagnosed()
    at.operator.start("gauntlet")
    until(lambda: at.get("/status")["daemons"]["GAUNTLET"]["status"] == "running")


def test_an_event_that_is_lost(at: Desk) -> None:
    """Without the bus nothing is rung for, the service says that it is not ready, and what was announced is judged all the same."""
    judged = len(at.get("/v1/decisions")["items"])
    at.operator.suite.nats.kill()
    at.announces("my_model")
    assert at.waits_for(lambda: at.event("TRAINING_COMPLETED", "models/my_model.pth"))
    at.waits_for(lambda: len(at.get("/v1/decisions")["items"]) > judged)
    assert "trouble the promotion service is not ready: ['nats: " in at.diagnosed()
    at.operator.suite.nats.start()


def test_a_node_that_cannot_be_reached(at: Desk) -> None:
    """It is named in the log and by the event, its breaker is open, and it gets what it lacks as soon as it is back."""
    at.operator.kill("node-2")
    at.types('ringrift rollback hex8_2p --to 1 --reason "a node is away"')
    at.waits_for(lambda: at.event("DISTRIBUTION_FAILED", "node-2: "))
    block = at.opens(DISTRIBUTION)
    at.repeats(block, 0, '"node-2": "open"')
    at.runs(block, 1, '"event": "distribution failed"')
    said = at.runs(block, 2, '"status":"healthy"')
    assert said.count("Checking 127.") == 1
    assert "trouble node-2 cannot be reached" in at.diagnosed()
    at.operator.start("node-2")
    at.types("ringrift distribute hex8_2p --watch --timeout 60")


@pytest.mark.skipif(
    subprocess.run(["unshare", "-rm", "true"], check=False).returncode != 0, reason="no small disk can be made here"
)
def test_a_node_whose_disk_is_full(at: Desk) -> None:
    """It says how much is free and how much is needed, in the log and in the status."""
    with at.full_disk("node-3"):
        search = 'grep -i "distribution" logs/coordination.log | grep -i "error\\|fail" | tail -10'
        at.waits_for(
            lambda: all(each in at.types(search) for each in ("bytes free and", '"fetch failed"', '"delivery failed"'))
        )
        assert "trouble node-3 lacks version 3 of hex8_2p: ['the disk has " in at.diagnosed()


def test_g10_the_wrong_model_is_canonical(at: Desk) -> None:
    """The files show what is canonical, its history how it became so, and the backup is canonical again as a higher version."""
    at.has("untrained", "wrong")
    at.types("ringrift promote --force --model models/wrong.pth --board-type hex8 --num-players 2 --sync-to-cluster")
    block = at.opens(CANONICAL)
    at.runs(block, 0, "ringrift_best_hex8_2p.pth -> canonical_hex8_2p.pth")
    at.runs(block, 1, "Version: ")
    assert "forced on the command line" in at.types("ringrift history hex8_2p --limit 1")
    block = at.opens(CANONICAL)
    at.runs(block, 0, "")
    at.runs(block, 1, "")
    at.runs(block, 2, '"changed":true')
    canonical = at.get("/v1/configurations/hex8_2p/canonical")
    assert (canonical["version"], canonical["kind"]) == (5, "rollback")


def test_f30_a_model_file_that_is_missing(at: Desk) -> None:
    """The evaluation fails at once, and the front door says why, with the path as it was announced."""
    at.announces("none")
    at.waits_for(lambda: at.event("EVALUATION_FAILED", "model_not_found"))
    [failed, *_] = at.get("/status")["promotion_status"]["failed_evaluations"]
    assert (failed["failure_code"], failed["model_path"]) == ("model_not_found", "models/none.pth")
    assert "the evaluation of models/none.pth for hex8_2p failed: model_not_found" in at.diagnosed()


def test_a_module_that_cannot_be_imported(at: Desk) -> None:
    """The worker's own words are the reason."""
    module = at.folder / "modules" / "numba.py"
    module.write_text("raise ModuleNotFoundError('no module of this name: llvmlite')\n")
    at.restart("gauntlet")
    at.announces("my_model")
    at.waits_for(lambda: at.event("EVALUATION_FAILED", "llvmlite"))
    assert "no module of this name: llvmlite" in at.diagnosed()
    module.unlink()
    shutil.rmtree(module.parent / "__pycache__", ignore_errors=True)


def test_a_worker_that_runs_out_of_memory(at: Desk) -> None:
    """It is killed, and the reason says what that mostly is; then every search of the runbook finds its line."""
    at.restart("gauntlet")
    at.announces("wrong")
    at.waits_for(at.worker).kill()
    at.waits_for(lambda: at.event("EVALUATION_FAILED", "memory runs out"))
    block = at.opens(GAUNTLET)
    at.runs(block, 0, '"event": "run_gauntlet"')
    said = at.runs(block, 1, '"code": "worker_lost"')
    for cause in ("model_not_found", "models/none.pth", "llvmlite", "memory runs out"):
        assert cause in said
    if shutil.which("nvidia-smi"):
        at.runs(block, 2, "memory.free")


def test_no_block_was_left_out(at: Desk) -> None:
    """Every block of the page was run."""
    assert not at.left
