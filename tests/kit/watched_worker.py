"""A process that reads one model file after the other, and says of each what it tried to do: `python -m tests.kit.watched_worker`.

It stands for the confined process that reads models, without its walls: job lines in, as a worker has them, and the message that
comes of each out. After it comes one more line, with the deeds that Python's audit hooks saw meanwhile, and the most memory ever.
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
    """Read the models of the jobs on standard input."""
    from play.games.registry import get_game
    from play.models.formats.format import CheckpointError
    from play.models.formats.registry import load_model
    from services.gauntlet.worker.__main__ import claim_stdout
    from services.gauntlet.worker.job import Job, JobFailed, ModelLoaded, WorkerMessage

    deeds: list[str] = []

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        writes = event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")
        if writes or (event.startswith(DEEDS) and not event.startswith(HARMLESS)):
            deeds.append(f"{event} {str(arguments[:1])[:80]}")

    def read(job: Job) -> WorkerMessage:
        game = get_game(job.work.board_type, job.work.num_players, job.work.play.rules_profile)
        try:
            return ModelLoaded(model=load_model(job.candidate, game).metadata, confinement="none")
        except CheckpointError as error:
            return JobFailed(code="model_invalid", reason=str(error))

    out = claim_stdout()
    sys.addaudithook(watch)
    for line in sys.stdin:
        deeds.clear()
        environment = dict(os.environ)
        print(read(Job.model_validate_json(line)).model_dump_json(), file=out, flush=True)
        if dict(os.environ) != environment:
            deeds.append("its environment changed")
        seen = {"deeds": list(deeds), "kilobytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}
        print(json.dumps(seen), file=out, flush=True)


if __name__ == "__main__":
    main()
