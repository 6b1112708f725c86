"""A confined process: one model is read and run in it, and nothing else. It is forked, never imported by who asks.

Its descriptors are the conversation, the shared memory and standard error. It ends when nobody asks any more.
"""

from __future__ import annotations

import json
import os
import traceback
from collections.abc import Sequence
from typing import Any, NoReturn, cast

from pydantic import BaseModel, ConfigDict

from play.games.game import Game
from play.models.confined import limits, wire
from play.models.confined.confinement import Confinement
from play.models.confined.facts import GameFacts
from play.models.confined.sheet import Layout, Sheet
from play.models.confined.wire import COUNTS, MOST, Kind, Message
from play.models.device import CPU, Device
from play.models.model_file import ModelFile

MOST_TEXT = 4096
FAILED = 70


class LoadRequest(BaseModel):
    """The file, the game that it is for, how many positions it is asked about at once at most, and as how exact numbers."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: ModelFile
    facts: GameFacts
    most_positions: int
    autocast: bool = False


def run(descriptors: Sequence[int], confinement: Confinement, zygote: int, *, programs: bool) -> NoReturn:
    """Be the process of a model, a program too with `programs`: control, memory and standard error are the descriptors."""
    try:
        limits.die_with(zygote)
        control, memory = limits.keep_only(descriptors[:2], descriptors[2])
        question = wire.read(control)
        if question is not None:
            _serve(control, memory, LoadRequest.model_validate_json(question.body), confinement, programs=programs)
    except BaseException:
        traceback.print_exc(limit=-8)
        os._exit(FAILED)
    os._exit(0)


def _serve(control: int, memory: int, request: LoadRequest, confinement: Confinement, *, programs: bool) -> None:
    sheet = Sheet(memory, Layout(request.facts, request.most_positions))
    os.close(memory)
    _start(confinement.device)
    confinement.confine(str(request.file.path))
    if programs:
        _allow_programs()
    evaluator = _loaded(control, request, confinement.device)
    while evaluator is not None and (question := wire.read(control)) is not None:
        count, asked = COUNTS.unpack(question.body)
        wire.write(control, _answer(evaluator, sheet, count, asked))


def _start(device: Device) -> None:
    """Have the driver of a device open what it needs, while it can."""
    if device != CPU:
        import torch

        torch.zeros(1, device=device.name)


def _allow_programs() -> None:
    from play.models.formats.programs import allow_programs

    allow_programs()


def _loaded(control: int, request: LoadRequest, device: Device) -> Any:
    """Who answers from now on; None, once it is said why, for a file that is no usable model."""
    from play.models.formats.format import CheckpointError, CheckpointMissingError
    from play.models.formats.registry import load_model
    from play.models.network import NetworkEvaluator

    game = cast(Game, request.facts)  # formats and networks ask it for nothing else
    try:
        found = load_model(request.file, game)
    except CheckpointError as error:
        said = {"missing": isinstance(error, CheckpointMissingError), "text": str(error)[:MOST_TEXT]}
        wire.write(control, Message(Kind.REFUSED, json.dumps(said).encode()))
        return None
    wire.write(control, Message(Kind.LOADED, found.metadata.model_dump_json().encode()))
    return NetworkEvaluator(found.network, game, device.name, autocast=request.autocast)


def _answer(evaluator: Any, sheet: Sheet, count: int, asked: int) -> Message:
    """Ask the network about the positions in the shared memory."""
    from play.models.evaluator import EvaluatorError

    try:
        logits, values = evaluator.answers(sheet.observations[:count], sheet.places[:asked])
    except EvaluatorError as error:
        return Message(Kind.FAILED, str(error)[:MOST_TEXT].encode("utf-8", "replace"))
    sheet.logits[:asked], sheet.values[:count] = logits, values
    return Message(Kind.EVALUATED, b"" if evaluator.most is None else MOST.pack(evaluator.most))
