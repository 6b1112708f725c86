"""Opens models in confined processes, and asks them. It keeps none, and judges nothing."""

from __future__ import annotations

import os
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from play.games.game import Game
from play.models.confined.child import LoadRequest
from play.models.confined.facts import GameFacts
from play.models.confined.helper import Helper
from play.models.confined.level import Level
from play.models.confined.model import ConfinedModel
from play.models.confined.process import ModelProcess
from play.models.confined.sheet import Layout, Sheet, new_memory
from play.models.confined.wire import Kind, Message
from play.models.formats.format import LONGEST_TEXT, CheckpointError, CheckpointMissingError, shown
from play.models.model_file import ModelFile
from shared.contract.evidence import ModelMetadata

MOST_MEMORY_BYTES = 4 * 1024**3
MOVE_SECONDS = 60.0
MOST_POSITIONS = 128


class Refusal(BaseModel):
    """Why a file is no usable model, as its process says it."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    missing: bool
    text: str


class ModelHost:
    """Opens model files, each in a confined process. It lives as long as a worker; use it in a `with` block, or close it.

    most_memory_bytes: what each process may take beside what its libraries have. move_seconds: the longest that an answer may
    take. most_positions: how many are answered in one pass; more are split. device: `cpu`, `cuda`, `cuda:N` or `auto`.
    """

    def __init__(
        self,
        *,
        most_memory_bytes: int = MOST_MEMORY_BYTES,
        move_seconds: float = MOVE_SECONDS,
        most_positions: int = MOST_POSITIONS,
        device: str = "cpu",
    ) -> None:
        self._most_memory, self._move_seconds, self._most = most_memory_bytes, move_seconds, most_positions
        self._lock, self._device = Lock(), device
        self._helper = Helper(most_memory_bytes, device)

    @property
    def level(self) -> Level:
        """How far this machine confines; waits until that is known. ModelLostError when models cannot be opened at all."""
        return self._running().level()

    def open(
        self, file: ModelFile | Path, game: Game | GameFacts, *, seconds: float, autocast: bool = False
    ) -> ConfinedModel:
        """A model made for this game's configuration; `autocast`: whether it may be computed in bfloat16.

        CheckpointError and CheckpointMissingError as of `load_model`, ModelTooSlowError when reading the file takes longer than so
        many seconds, ModelLostError when its process ends.
        """
        told = file if isinstance(file, ModelFile) else ModelFile(path=file)
        facts = GameFacts.of(game)
        layout = Layout(facts, self._most)
        memory = new_memory(layout)
        try:
            sheet = Sheet(memory, layout)
            process = ModelProcess.start(self._running(), memory, told.title)
        finally:
            os.close(memory)
        try:
            request = LoadRequest(
                file=_as_seen(told), facts=facts, most_positions=self._most, autocast=autocast
            )  # fmt: skip
            metadata = _loaded(process, request, seconds)
        except BaseException:
            process.end()
            sheet.close()
            raise
        return ConfinedModel(
            process, sheet, metadata, most_positions=self._most, move_seconds=self._move_seconds
        )  # fmt: skip

    def close(self) -> None:
        """End everything, models that are still open too."""
        self._helper.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _running(self) -> Helper:
        """The helper; a new one if the last is gone, and was not closed."""
        with self._lock:
            if not self._helper.running and not self._helper.closed:
                self._helper.close()
                self._helper = Helper(self._most_memory, self._device)
            return self._helper


def _as_seen(file: ModelFile) -> ModelFile:
    """The same file for a process whose folder is another; messages call it what they would call it here."""
    return ModelFile(
        path=file.path.absolute(), name=file.title, architecture=file.architecture, parameters=file.parameters,
        most_bytes=file.most_bytes,
    )  # fmt: skip


def _loaded(process: ModelProcess, request: LoadRequest, seconds: float) -> ModelMetadata:
    """What the file says of itself, once it is read."""
    question = Message(Kind.LOAD, request.model_dump_json().encode())
    answer = process.ask(question, seconds, "reading the file", (Kind.LOADED, Kind.REFUSED))
    kind: Any = ModelMetadata if answer.kind is Kind.LOADED else Refusal
    try:
        said = kind.model_validate_json(answer.body)
    except ValidationError as error:
        raise process.lost("said what is no answer") from error
    if isinstance(said, ModelMetadata):
        return said.model_copy(update={"notes": [shown(note, 500) for note in said.notes]})
    raise (CheckpointMissingError if said.missing else CheckpointError)(shown(said.text, LONGEST_TEXT))
