"""The models that a worker process has open, each in a confined process, kept for the next job that needs them."""

from __future__ import annotations

from collections import OrderedDict

from play.games.game import Game
from play.models.confined.host import ModelHost
from play.models.confined.model import ConfinedModel
from play.models.model_file import ModelFile
from services.gauntlet.worker.work import ModelReference

MOST_MODELS = 4
"""Kept at once: a candidate, the canonical version that many candidates meet, and two to change between."""


class OpenModels:
    """The models that were asked for last."""

    def __init__(self, host: ModelHost) -> None:
        self.host = host
        self._open: OrderedDict[tuple[object, ...], ConfinedModel] = OrderedDict()
        self._closed_cpu, self._closed_forward = 0.0, 0.0
        self._reading: dict[tuple[object, ...], float] = {}

    @property
    def cpu_seconds(self) -> float:
        """What the processes of all models so far have taken, those that are closed included."""
        return self._closed_cpu + sum(each.cpu_seconds for each in self._open.values())

    @property
    def forward_seconds(self) -> float:
        """What of that came after the models were read: answers."""
        return self._closed_forward + sum(each.cpu_seconds - self._reading[key] for key, each in self._open.items())

    def get(
        self, reference: ModelReference, file: ModelFile, game: Game, move_seconds: float, *, autocast: bool = False
    ) -> ConfinedModel:
        """The model, opened now if it is not. CheckpointError if it cannot be read, ConfinedError as of `ModelHost.open`."""
        announced = tuple(sorted((reference.parameters or {}).items()))
        key = (reference.digest, reference.architecture, announced, game.board_type, game.num_players, autocast)
        if key not in self._open:
            self._open[key] = self.host.open(file, game, seconds=move_seconds, autocast=autocast)
            self._reading[key] = self._open[key].cpu_seconds
        self._open.move_to_end(key)
        self._open[key].move_seconds = move_seconds
        while len(self._open) > MOST_MODELS:
            self._close(next(iter(self._open)))
        return self._open[key]

    @property
    def halved_to(self) -> int | None:
        """How many positions are evaluated at once, where the memory of an open model was short."""
        return min((each.halved_to for each in self._open.values() if each.halved_to is not None), default=None)

    def close_lost(self) -> None:
        """Close every model: one of them can be asked no more, and the next job opens anew what it needs."""
        for key in list(self._open):
            self._close(key)

    def _close(self, key: tuple[object, ...]) -> None:
        model = self._open.pop(key)
        model.close()
        self._closed_cpu += model.cpu_seconds
        self._closed_forward += model.cpu_seconds - self._reading.pop(key)
