"""A worker that plays one job after the other, and says of each what it tried to do: `python -m tests.kit.watched_worker`.

Its door is the worker's own: job lines in, message lines out. After each job comes one more line, with the deeds that Python's
audit hooks saw meanwhile, and the most memory that it ever had.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from typing import Any

DEEDS = (
    "os.",
    "subprocess.",
    "exec",
    "ctypes.",
    "socket.",
    "pickle.find_class",
    "import",
    "marshal.",
    "webbrowser.",
    "pty.",
)
HARMLESS = ("os.listdir", "os.scandir", "os.walk", "os.fwalk", "os.getxattr")


def main() -> None:
    """Play the jobs on standard input."""
    from services.gauntlet.worker.__main__ import claim_stdout
    from services.gauntlet.worker.gauntlet import GameGauntlet
    from services.gauntlet.worker.job import Job

    deeds: list[str] = []

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        writes = event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")
        if writes or (event.startswith(DEEDS) and not event.startswith(HARMLESS)):
            deeds.append(f"{event} {str(arguments[:1])[:80]}")

    out = claim_stdout()
    sys.addaudithook(watch)
    for line in sys.stdin:
        deeds.clear()
        environment = dict(os.environ)
        for message in GameGauntlet(Job.model_validate_json(line)).run():
            print(message.model_dump_json(), file=out, flush=True)
        if dict(os.environ) != environment:
            deeds.append("its environment changed")
        seen = {"deeds": list(deeds), "kilobytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}
        print(json.dumps(seen), file=out, flush=True)


if __name__ == "__main__":
    main()
