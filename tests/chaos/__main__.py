"""`python -m tests.chaos --minutes 60`: trainings announced by both doors while everything is broken in turn, then counted."""

from __future__ import annotations

import argparse
import json
import random
import shutil
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from local.suite import Addresses, Suite
from tests.chaos.announcers import Announcer, over_http, over_nats
from tests.chaos.count import Ledgers, count, open_trainings
from tests.chaos.faults import Clock, Fault, faults

DEMO = Path(__file__).resolve().parents[2] / "models" / "demo"
CALM_SECONDS = (2.0, 12.0)


def main() -> None:
    """Run, count, print the figures as JSON; exit code 1 if anything acknowledged was not decided exactly once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ringrift-chaos-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        figures = run(Path(folder), asked.minutes * 60, asked.seed)
    print(json.dumps(figures, indent=2))
    raise SystemExit(1 if figures["faults"] else 0)


def run(folder: Path, seconds: float, seed: int) -> dict[str, object]:
    """The figures of one run."""
    clock, chance = Clock(folder), random.Random(seed)
    settings = {"RINGRIFT_SKIP_GAUNTLET": "true", "RINGRIFT_FEED_SECONDS": "1"}
    # durable, or a Postgres that is killed would forget what it had promised
    suite = Suite(folder, Addresses.free(nodes=1), settings=settings)
    with suite.running(print):
        for name in ("trained", "untrained", "successor"):
            shutil.copy(DEMO / f"hex8_2p_{name}.pth", suite.models / f"{name}.pth")
        gauntlet = suite.addresses.url("gauntlet")
        announcers = [
            Announcer("http", over_http(gauntlet), 1.0),
            Announcer("nats", over_nats(suite.nats.url, gauntlet), 1.0),
        ]
        threads = [threading.Thread(target=each.run, args=(seed,), daemon=True) for each in announcers]
        for thread in threads:
            thread.start()
        done = break_in_turn(suite, faults(suite, clock, chance), seconds, chance)
        for announcer, thread in zip(announcers, threads, strict=True):
            announcer.stopped.set()
            thread.join()
        ledgers = Ledgers(suite)
        settle(suite, ledgers)
        acknowledged = [each for announcer in announcers for each in announcer.acknowledged]
        figures = count(ledgers, acknowledged)
    tries = {each.name: {"acknowledged": len(each.acknowledged), "tries": each.tries} for each in announcers}
    return {"seconds": seconds, "announcers": tries, "faults done": done, **figures}


def break_in_turn(suite: Suite, known: dict[str, Fault], seconds: float, chance: random.Random) -> dict[str, int]:
    """Every fault in turn, in an order that changes, with a little calm between them; returns how often each was done."""
    until, done = time.monotonic() + seconds, Counter[str]()
    while time.monotonic() < until:
        for name in chance.sample(sorted(known), len(known)):
            if time.monotonic() >= until:
                break
            print(f"{time.strftime('%H:%M:%S')} {name}", flush=True)
            try:
                known[name]()
                done[name] += 1
            except Exception as error:  # a fault that another one made impossible just now
                print(f"  could not: {error!r}"[:300], flush=True)
            calm = time.monotonic() + chance.uniform(*CALM_SECONDS)
            while time.monotonic() < calm:
                tend(suite)
                time.sleep(0.5)
    return dict(sorted(done.items()))


def tend(suite: Suite) -> None:
    """Start again what died."""
    try:
        suite.tend()
    except RuntimeError as error:
        print(f"  not started yet: {error}"[:200], flush=True)


def settle(suite: Suite, ledgers: Ledgers, seconds: float = 900) -> None:
    """Wait until nothing is open any more, or the time is up; the count says what is missing."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        tend(suite)
        try:
            waiting = open_trainings(ledgers)
        except Exception as error:  # a service is still coming back
            print(f"  settling: {error!r}"[:200], flush=True)
        else:
            print(f"  settling: {waiting} open", flush=True)
            if waiting == 0:
                return
        time.sleep(3)


if __name__ == "__main__":
    main()
