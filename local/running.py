"""Runs programs that end by themselves, such as those that make and ask a database."""

import subprocess
from collections.abc import Mapping

from local.process import PASSING, telling_line


class RunFailed(RuntimeError):
    """A program failed. `passing`: it was killed, or lacked something for the moment."""

    def __init__(self, message: str, *, passing: bool) -> None:
        super().__init__(message)
        self.passing = passing


def run(command: list[str], environment: Mapping[str, str]) -> str:
    """What `command` prints; raises RunFailed with the line that tells most, and everything it printed, if it fails."""
    done = subprocess.run(
        command, env=environment, cwd="/", capture_output=True, text=True, check=False, errors="replace"
    )
    if done.returncode != 0:
        said = (done.stdout + done.stderr).strip()
        passing = done.returncode < 0 or any(words in said.lower() for words in PASSING)
        raise RunFailed(f"{telling_line(said)}\n{said}" if said else f"exit code {done.returncode}", passing=passing)
    return done.stdout.strip()
