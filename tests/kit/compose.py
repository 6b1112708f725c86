"""compose.yaml as Compose reads it: the processes' environments with the variables of an env file in place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "compose.yaml").read_text()
REFERENCE = re.compile(r"\$\{(\w+)(?::[?-][^}]*)?\}")


def variables_used() -> set[str]:
    """The variables that compose.yaml asks the env file for."""
    return set(REFERENCE.findall(TEXT))


def environments(variables: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """By process of compose.yaml, what it is given. KeyError for a variable that is missing."""
    services: Mapping[str, Any] = yaml.safe_load(TEXT)["services"]
    return {
        name: {key: _filled(str(value), variables) for key, value in service.get("environment", {}).items()}
        for name, service in services.items()
    }


def read_env_file(path: Path) -> dict[str, str]:
    """The variables of an env file."""
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def _filled(text: str, variables: Mapping[str, str]) -> str:
    return REFERENCE.sub(lambda found: variables[found[1]], text)
