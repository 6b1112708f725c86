"""compose.yaml as Compose reads it: the processes' environments with the variables and secrets that they name in place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "compose.yaml").read_text()
SERVICES: Mapping[str, Mapping[str, Any]] = yaml.safe_load(TEXT)["services"]
SECRETS: Mapping[str, Mapping[str, str]] = yaml.safe_load(TEXT)["secrets"]
REFERENCE = re.compile(r"\$\{(\w+)(?::?[-?]([^}]*))?\}")
MOUNTED = "/run/secrets/"


def secrets_used() -> set[str]:
    """The secrets that compose.yaml asks for, and the setting of `.env` that is made with them."""
    return {name.upper() for name in SECRETS} | {"ORDER_PUBLIC_KEY"}


def environments(secrets: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """By process of compose.yaml, what it is given, secrets as if they stood there. KeyError for one that is missing."""
    return {name: _environment(service, secrets) for name, service in SERVICES.items()}


def read_env_file(path: Path) -> dict[str, str]:
    """The variables of an env file."""
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def read_secrets(env_file: Path) -> dict[str, str]:
    """What `ringrift keys compose` wrote: the settings of the file, and each secret of the folder that it names."""
    settings = read_env_file(env_file)
    folder = env_file.parent / settings["SECRETS"]
    return settings | {path.name.upper(): path.read_text() for path in folder.iterdir()}


def _environment(service: Mapping[str, Any], secrets: Mapping[str, str]) -> dict[str, str]:
    given = {key: _filled(str(value), secrets) for key, value in service.get("environment", {}).items()}
    files = {key: value.removeprefix(MOUNTED) for key, value in given.items() if value.startswith(MOUNTED)}
    read = {key.removesuffix("_FILE"): secrets[name.upper()] for key, name in files.items()}
    mounted = {name.upper(): secrets[name.upper()] for name in service.get("secrets", []) if name not in files.values()}
    return {key: value for key, value in given.items() if key not in files} | read | mounted


def _filled(text: str, variables: Mapping[str, str]) -> str:
    return REFERENCE.sub(lambda found: variables.get(found[1]) or found[2] or "", text)
