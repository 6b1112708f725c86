"""A host for the tests of this room, which has the back door, and files for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from play.models.confined.host import ModelHost
from play.models.confined.model import ConfinedModel
from tests.kit.back_door import door, installed
from tests.kit.confined_worker import FACTS

OpenDoor = Callable[[str], ConfinedModel]


@pytest.fixture(scope="session")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelHost]:
    """One host, as a worker has one."""
    with installed(tmp_path_factory.mktemp("door")):
        started = ModelHost()
    with started:
        yield started


@pytest.fixture
def open_door(host: ModelHost, tmp_path: Path) -> Iterator[OpenDoor]:
    """Opens a file that runs this Python when it is read; the models are closed after the test."""
    opened: list[ConfinedModel] = []

    def open_one(source: str) -> ConfinedModel:
        path = door(tmp_path / f"door-{len(opened)}.pth", source)
        opened.append(host.open(path, FACTS, seconds=30))
        return opened[-1]

    yield open_one
    for each in opened:
        each.close()
