"""`python -m tests.chaos.killed_workers`: evaluations by workers of which one is killed every two seconds, and by one undisturbed.

Both play the same candidates beside the same canonical model. The exit code is 1 if a verdict or a row of a game differs.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from ringrift_client import Evaluations, FrontDoor, Transport

from local.suite import Addresses, Suite
from tests.chaos.count import Ledgers
from tests.kit.waiting import until

DEMO = Path(__file__).resolve().parents[2] / "models" / "demo"
NOISES = (0.0005, 0.02, 0.1, 0.4)
"""By how much of their spread the demo's weights are disturbed: candidates as good as it, and others as bad as untrained."""
LONGEST_SECONDS = 7200.0
SETTINGS = {"RINGRIFT_AUTO_PROMOTE": "false", "RINGRIFT_GAUNTLET_LEASE_SECONDS": "5"}
SAME = ("opponents", "seed", "digest", "previous")
"""What of the evidence must not depend on who played."""


def main() -> None:
    """Play both, compare, print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--evaluations", type=int, default=100)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--kill-seconds", type=float, default=2.0)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ringrift-killed-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o711)
        files = write_candidates(folder, asked.evaluations, asked.seed)
        with suite_with(folder / "calm", files, workers=1) as suite:
            calm = results(suite, files)
        with (
            suite_with(folder / "killed", files, workers=0) as suite,
            killing(suite, asked.workers, asked.kill_seconds, asked.seed) as killed,
        ):
            disturbed = results(suite, files)
    differing = sorted(name for name in calm if calm[name] != disturbed[name])
    games = sum(len(each["games"]) for each in calm.values())
    verdicts = Counter(str(each["verdict"]) for each in calm.values())
    figures = {"evaluations": len(files), "games": games, "verdicts": verdicts, "killed": len(killed)}
    print(json.dumps(figures | {"differing": differing}, indent=2))
    raise SystemExit(1 if differing else 0)


def write_candidates(folder: Path, number: int, seed: int) -> list[Path]:
    """Model files of every strength, no two the same."""
    torch.manual_seed(seed)
    files = [folder / f"candidate-{each:03}.pth" for each in range(number)]
    for each, file in enumerate(files):
        content = torch.load(DEMO / "hex8_2p_trained.pth", weights_only=True)
        for weights in content["state_dict"].values():
            if weights.is_floating_point() and weights.numel() > 1:
                weights += NOISES[each % len(NOISES)] * weights.std() * torch.randn_like(weights)
        torch.save(content, file)
    return files


@contextmanager
def suite_with(folder: Path, files: list[Path], workers: int) -> Iterator[Suite]:
    """A suite with so many workers of its own, a canonical model and the candidates; nothing that it judges is promoted."""
    settings = SETTINGS | {"RINGRIFT_GAUNTLET_WORKERS": str(workers)}
    suite = Suite(folder, Addresses.free(nodes=1), durable=False, settings=settings)
    with suite.running(lambda _: None):
        for file in (*files, DEMO / "hex8_2p_trained.pth"):
            shutil.copy(file, suite.models)
        yield suite


def results(suite: Suite, files: list[Path]) -> dict[str, Mapping[str, Any]]:
    """Verdict, evidence and rows of games of every candidate, once all are judged."""
    asked = {"board_type": "hex8", "num_players": 2}
    with FrontDoor(suite.addresses.url("promotion")) as door:
        first = door.ask(asked | {"model_path": "models/hex8_2p_trained.pth"})
        assert door.wait_for_outcome(first["id"], LONGEST_SECONDS, lambda _: None).state == "promoted"
    gauntlet, ledgers = Transport(suite.addresses.url("gauntlet"), seconds=60), Ledgers(suite)
    bodies = {file.name: asked | {"model_path": f"models/{file.name}"} for file in files}
    ids = {name: gauntlet.call("POST", "/v1/evaluations", json=body)["id"] for name, body in bodies.items()}

    def verdicts() -> dict[str, str] | None:
        time.sleep(1)  # beside hundreds of games, a question a second is often enough
        items = ledgers.get("promotion", "/v1/decisions", limit=1000)["items"]
        found = {each["evaluation_id"]: each["verdict"] for each in items}
        return found if all(each in found for each in ids.values()) else None

    judged = until(verdicts, LONGEST_SECONDS)
    assert judged is not None
    with Evaluations(suite.addresses.url("gauntlet")) as evaluations:
        return {name: _result(evaluations, each, judged[each]) for name, each in ids.items()}


def _result(evaluations: Evaluations, evaluation_id: str, verdict: str) -> Mapping[str, Any]:
    evidence = evaluations.read(evaluation_id)["evidence"]
    same = {name: evidence[name] for name in SAME if name in evidence}
    return same | {"verdict": verdict, "games": list(evaluations.games(evaluation_id))}


@contextmanager
def killing(suite: Suite, number: int, seconds: float, seed: int) -> Iterator[list[int]]:
    """So many workers over HTTP, one of which is killed every so many seconds and replaced; yields the ids of the killed."""
    chance, killed, over = random.Random(seed), list[int](), threading.Event()
    workers = [_worker(suite) for _ in range(number)]

    def kill() -> None:
        while not over.wait(seconds):
            victim = chance.randrange(number)
            workers[victim].kill()
            workers[victim].wait()
            killed.append(workers[victim].pid)
            workers[victim] = _worker(suite)

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield killed
    finally:
        over.set()
        thread.join()
        for each in workers:
            each.kill()
            each.wait()


def _worker(suite: Suite) -> subprocess.Popen[bytes]:
    cache = suite.folder / "worker-cache"
    address = suite.addresses.url("gauntlet")
    command = [f"{sys.prefix}/bin/ringrift", "gauntlet-worker", "--gauntlet", address, "--cache", str(cache)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
