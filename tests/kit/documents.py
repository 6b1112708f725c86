"""The OpenAPI documents of all four processes, as each serves its own, and the operations in them. Nothing is started.

`python -m tests.kit.documents FOLDER` writes them.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from fastapi import FastAPI

from services.distribution.agent.app import create_app as create_agent
from services.distribution.agent.settings import AgentSettings
from services.distribution.app import create_app as create_distribution
from services.distribution.settings import DistributionSettings
from services.gauntlet.app import create_app as create_gauntlet
from services.gauntlet.settings import GauntletSettings
from services.promotion.app import create_app as create_promotion
from services.promotion.settings import PromotionSettings

DATABASE = "postgresql+asyncpg://u:p@127.0.0.1/db"
PROCESSES = ("gauntlet", "promotion", "distribution", "agent")


class Operation(NamedTuple):
    """An operation of a process, as its document describes it."""

    process: str
    method: str
    path: str
    described: Any

    @property
    def name(self) -> str:
        """Its operation id."""
        return str(self.described["operationId"])

    @property
    def parameters(self) -> list[Any]:
        """What it asks for beside the body."""
        return list(self.described.get("parameters", ()))

    @property
    def body(self) -> Any:
        """Its body's media type with what is said of it, None where it takes none."""
        content = self.described.get("requestBody", {}).get("content", {})
        return next(iter(content.items()), None)

    def __str__(self) -> str:
        return f"{self.process}: {self.name}"


@cache
def document(process: str) -> Any:
    """The document of a process."""
    return json.loads(json.dumps(_application(process).openapi()))


def operations(process: str) -> Iterator[Operation]:
    """Every operation of a process."""
    for path, methods in document(process)["paths"].items():
        for method, described in methods.items():
            yield Operation(process, method.upper(), path, described)


def every_operation() -> list[Operation]:
    """Those of all processes."""
    return [operation for process in PROCESSES for operation in operations(process)]


def write(folder: Path) -> None:
    """Write every document into a folder, as PROCESS.json."""
    folder.mkdir(parents=True, exist_ok=True)
    for process in PROCESSES:
        (folder / f"{process}.json").write_text(json.dumps(document(process), indent=1))


def _application(process: str) -> FastAPI:
    if process == "gauntlet":
        return create_gauntlet(GauntletSettings(database_url=DATABASE))
    if process == "promotion":
        return create_promotion(PromotionSettings(database_url=DATABASE))
    if process == "distribution":
        return create_distribution(DistributionSettings(database_url=DATABASE))
    with tempfile.TemporaryDirectory() as folder:
        return create_agent(AgentSettings(agent_node="node-1", agent_dir=Path(folder)))


if __name__ == "__main__":
    write(Path(sys.argv[1]))
