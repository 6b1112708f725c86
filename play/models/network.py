"""A torch network as an evaluator: one forward pass for each call, or as many as memory asks for."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from play.games.game import Float32s, Float64s, Game, Int64s
from play.models.evaluator import Evaluated, EvaluatorError, judged, places_of

SMALLEST_BATCH = 4
"""Fewer positions are evaluated beside copies: for few, libraries take other paths, with other last digits."""
NO_MEMORY = "can't allocate memory"
"""What torch says of the processor's memory, for which it has no error of its own."""


class NetworkEvaluator:
    """Asks a network, in eval mode, about positions of one game. Its output is checked, never repaired.

    most: how many positions are in one pass at most; None until memory was short, then half as many as there had been, never below
    SMALLEST_BATCH. Answers are the same in either case.
    """

    def __init__(self, network: nn.Module, game: Game, device: str = "cpu", *, autocast: bool = False) -> None:
        """`device`: as torch names it. `autocast`: whether torch may compute in bfloat16 what it knows to bear that."""
        self.network = network.to(device)
        self.most: int | None = None
        self._device, self._autocast = torch.device(device), autocast
        self._outputs = (game.num_actions, game.num_players)

    def evaluate(self, observations: Float32s, actions: Int64s, offsets: Int64s) -> Evaluated:
        """EvaluatorError when a pass fails or gives the wrong shape, whatever the network raised."""
        logits, values = self.answers(observations, places_of(actions, offsets, self._outputs[0]))
        return judged(logits, values, offsets)

    def answers(self, observations: Float32s, places: Int64s) -> tuple[Float32s, Float64s]:
        """The logits at these places (`places_of`), and the values, for who judges them elsewhere. EvaluatorError."""
        while True:
            try:
                return self._answers(observations, places)
            except EvaluatorError:
                raise
            except Exception as error:  # a network may fail in any way
                if not self._is_halved(error, len(observations)):
                    raise EvaluatorError(f"the network failed: {type(error).__name__}: {error}") from error

    def _answers(self, observations: Float32s, places: Int64s) -> tuple[Float32s, Float64s]:
        most = self.most or len(observations)
        if len(observations) <= most:
            return self._pass(observations, places)
        width, parts = self._outputs[0], []
        for start in range(0, len(observations), most):
            first, last = np.searchsorted(places, (start * width, (start + most) * width))
            parts.append(self._pass(observations[start : start + most], places[first:last] - start * width))
        logits, values = (np.concatenate(each) for each in zip(*parts, strict=True))
        return logits, values

    def _is_halved(self, error: Exception, count: int) -> bool:
        """Whether it was for want of memory, and there are fewer positions in a pass from now on."""
        short = isinstance(error, torch.OutOfMemoryError | MemoryError) or NO_MEMORY in str(error)
        now = min(self.most or count, count)
        if not short or now <= SMALLEST_BATCH:
            return False
        self.most = max(now // 2, SMALLEST_BATCH)
        if self._device.type == "cuda":
            torch.cuda.empty_cache()
        return True

    def _pass(self, observations: Float32s, places: Int64s) -> tuple[Float32s, Float64s]:
        batch = observations if len(observations) >= SMALLEST_BATCH else _repeated(observations)
        observed = torch.from_numpy(batch).to(self._device, memory_format=torch.channels_last)
        with torch.inference_mode(), torch.autocast(self._device.type, torch.bfloat16, enabled=self._autocast):
            logits, values = self.network(observed)
            self._check_shapes(logits, values, len(batch))
            asked = logits.reshape(-1)[torch.from_numpy(places).to(logits.device)]
            said = values[: len(observations)]
            return asked.float().cpu().numpy(), said.double().cpu().numpy()

    def _check_shapes(self, logits: Tensor, values: Tensor, count: int) -> None:
        wanted = tuple((count, size) for size in self._outputs)
        shapes = tuple(logits.shape), tuple(values.shape)
        if shapes != wanted:
            raise EvaluatorError(
                f"the network gave shapes {shapes[0]} and {shapes[1]}: expected {wanted[0]} and {wanted[1]}"
            )


def _repeated(observations: Float32s) -> Float32s:
    """As many as a batch has at least."""
    return np.resize(observations, (SMALLEST_BATCH, *observations.shape[1:]))
