"""A model in a process of its own, as an evaluator: positions go there, answers come back and are looked at here.

Nothing that the process says is believed: sizes are this side's, numbers are copied before they are judged, texts are cut.
"""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

import numpy as np

from play.games.game import Float32s, Float64s, Int64s
from play.models.confined.process import ModelProcess
from play.models.confined.sheet import Sheet
from play.models.confined.wire import COUNTS, MOST, Kind, Message
from play.models.evaluator import Evaluated, EvaluatorError, judged, places_of
from play.models.formats.format import LONGEST_TEXT, shown
from shared.contract.evidence import ModelMetadata


class ConfinedModel:
    """An open model: `play.models.evaluator.Evaluator`, asked by one thread at a time. Close it in the end.

    metadata: what the file says of itself. forward_seconds: time that was spent waiting for answers. move_seconds: the longest that
    one may take. halved_to: how many positions it evaluates at once since its memory was short; None before that.
    """

    def __init__(
        self, process: ModelProcess, sheet: Sheet, metadata: ModelMetadata, *, most_positions: int, move_seconds: float
    ) -> None:
        self._process, self._sheet = process, sheet
        self._most, self.move_seconds = most_positions, move_seconds
        self._num_actions = len(sheet.logits) // most_positions
        self.metadata = metadata
        self.forward_seconds = 0.0
        self.halved_to: int | None = None

    @property
    def pid(self) -> int:
        """The id of its process."""
        return self._process.pid

    @property
    def cpu_seconds(self) -> float:
        """Processor seconds of its process so far, reading the file included."""
        return self._process.cpu_seconds

    @property
    def last_words(self) -> str:
        """The end of what its process has written to standard error, as it wrote it."""
        return self._process.last_words()

    def evaluate(self, observations: Float32s, actions: Int64s, offsets: Int64s) -> Evaluated:
        """As `NetworkEvaluator.evaluate`, to the last bit; more positions than the host lets through at once take several passes.

        EvaluatorError when the network fails, as there. After ModelTooSlowError and ModelLostError it can be asked no more.
        """
        if len(observations) <= self._most:
            return judged(*self._pass(observations, actions, offsets), offsets)
        parts = []
        for start in range(0, len(observations), self._most):
            of = offsets[start : start + self._most + 1]
            parts.append(self._pass(observations[start : start + self._most], actions[of[0] : of[-1]], of - of[0]))
        logits, values = (np.concatenate(each) for each in zip(*parts, strict=True))
        return judged(logits, values, offsets)

    def close(self) -> None:
        """End its process. Does nothing the second time."""
        self._process.end()
        self._sheet.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _pass(self, observations: Float32s, actions: Int64s, offsets: Int64s) -> tuple[Float32s, Float64s]:
        """One forward pass: copies of the logits and values, whatever they are."""
        count, asked = len(observations), len(actions)
        self._process.require()
        self._sheet.put(observations, places_of(actions, offsets, self._num_actions))
        started = time.perf_counter()
        try:
            question = Message(Kind.EVALUATE, COUNTS.pack(count, asked))
            answer = self._process.ask(
                question, self.move_seconds, f"an answer on {count} positions", (Kind.EVALUATED, Kind.FAILED)
            )
        finally:
            self.forward_seconds += time.perf_counter() - started
        if answer.kind is Kind.FAILED:
            raise EvaluatorError(shown(answer.body.decode("utf-8", "replace"), LONGEST_TEXT))
        if len(answer.body) == MOST.size:
            [self.halved_to] = MOST.unpack(answer.body)
        return self._sheet.taken(count, asked)
