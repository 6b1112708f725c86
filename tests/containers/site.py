"""compose.yaml brought up by docker or podman as a project of its own, with its own secrets and ports; it leaves nothing behind."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cli.commands.keys import compose_secrets
from local.ports import free_port
from tests.house.tree import ROOT

PROJECT = "ringrift-try"
PORTS = ("PROMOTION_PORT", "GAUNTLET_PORT", "DISTRIBUTION_PORT", "NATS_PORT")
HOSTILE = {
    "postgres_password": 'it\'s "quoted" \\ 100% $HOME',
    "migrate_database_password": "2026-01-01",
    "gauntlet_database_password": "12345678",
    "promotion_database_password": "p@ss/w0rd",
    "distribution_database_password": "true",
    "nats_gauntlet_password": "12345678",
    "nats_promotion_password": "true",
    "nats_distribution_password": "2026-01-01",
    "nats_trainer_password": 'a b/c "d" \\',
}
"""Secrets that a careless reader takes for a number, a switch, a date or a part of an address."""


class FailedError(Exception):
    """A command did not do what it should; the text is what it said."""


class Site:
    """The containers, in a folder that has `.env` and the secrets."""

    def __init__(self, folder: Path, profiles: tuple[str, ...]) -> None:
        self.engine = "podman" if shutil.which("podman-compose") else "docker"
        compose = ["podman-compose"] if self.engine == "podman" else ["docker", "compose"]
        chosen = [word for profile in profiles for word in ("--profile", profile)]
        self._compose = [
            *compose,
            "--env-file",
            str(folder / ".env"),
            "-p",
            PROJECT,
            "-f",
            str(ROOT / "compose.yaml"),
            *chosen,
        ]
        self.folder, self.secrets = folder, {name.lower(): value for name, value in compose_secrets().items()}
        self.secrets |= HOSTILE
        self.ports = {name: free_port() for name in PORTS}
        (folder / "secrets").mkdir(mode=0o700)
        self.write({})

    def write(self, changed: Mapping[str, str]) -> None:
        """The secrets, some of them changed, and the settings that lead to them."""
        for name, value in {**self.secrets, **changed}.items():
            (self.folder / "secrets" / name).write_text(value)
        settings = {
            "ORDER_PUBLIC_KEY": self.secrets["order_public_key"],
            "SECRETS": str(self.folder / "secrets"),
            **self.ports,
        }
        (self.folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in settings.items()))

    def compose(self, *words: str, seconds: float = 900) -> str:
        """Run a compose command."""
        return self._run([*self._compose, *words], seconds)

    def ask(self, *words: str, seconds: float = 60) -> str:
        """Run a command of the engine."""
        return self._run([self.engine, *words], seconds)

    def logs(self, container: str) -> str:
        """What it has said, on both of its outputs."""
        done = subprocess.run([self.engine, "logs", container], capture_output=True, text=True, timeout=60)
        return done.stdout + done.stderr

    def containers(self) -> dict[str, str]:
        """By service and number, `worker_2`, the containers' names."""
        names = self.ask("ps", "--all", "--filter", f"name={PROJECT}", "--format", "{{.Names}}").split()
        return {name.removeprefix(PROJECT).strip("_-").replace("-", "_").removesuffix("_1"): name for name in names}

    def state(self, container: str) -> Mapping[str, Any]:
        """Whether it runs, and how it ended."""
        state: Mapping[str, Any] = json.loads(self.ask("inspect", container))[0]["State"]
        return state

    def is_well(self, container: str) -> str | None:
        """What its health check says, None if it is well. podman has no clock for it, so the check is run here."""
        if self.engine == "docker":
            health = self.state(container).get("Health", {}).get("Status")
            return None if health in (None, "healthy") else str(health)
        try:
            self.ask("healthcheck", "run", container)
        except FailedError as error:
            return str(error)
        return None

    def size(self, image: str) -> int:
        """Bytes of an image."""
        return int(self.ask("image", "inspect", "--format", "{{.Size}}", image))

    def _run(self, command: list[str], seconds: float) -> str:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=seconds)
        if done.returncode:
            raise FailedError(f"{' '.join(command[:6])} ... {done.stdout[-1500:]}{done.stderr[-1500:]}")
        return done.stdout
