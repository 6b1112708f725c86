"""What confinement costs: opening a model, one call, and a gauntlet's series of calls, beside the same in this process."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from rich.table import Table

from play.games.game import Float32s
from play.games.registry import get_game
from play.models.architectures.registry import build_network
from play.models.confined.host import ModelHost
from play.models.confined.model import ConfinedModel
from play.models.evaluator import Evaluator
from play.models.formats.registry import load_model
from play.models.model_file import ModelFile
from play.models.network import NetworkEvaluator
from tests.benchmarks.gauntlet import DEMO

MODEL = DEMO / "hex8_2p_successor.pth"
NOTHING = {"layers": 1, "hidden": 4}
"""A network that computes next to nothing, so that what is left is the way to it and back."""
OPENINGS, SERIES = 9, 9
MOVES = 40
"""Legal moves of a usual position."""
GAME = ("hex8", 2)
Row = tuple[str, str, str, str]


def sandbox(quick: bool) -> Table:
    """Opening and single calls: the fastest, by the clock. Series: processor time of both processes, and of all pairs that were
    measured in turn the one with the median ratio."""
    torch.set_num_threads(1)
    table = Table("figure", "confined, ms", "in this process, ms", "ratio", title="Confined models, hex8, 2 players")
    started = time.perf_counter()
    with ModelHost() as host:
        level = host.level
        table.add_row(f"start of the host, {level.words}", f"{1000 * (time.perf_counter() - started):,.0f}", "", "")
        for row in (*_opening(host), *_series(host, 20 if quick else 200), *_calls(host, 200 if quick else 5000)):
            table.add_row(*row)
    return table


def _opening(host: ModelHost) -> Iterator[Row]:
    """And closing again."""
    game = get_game(*GAME)

    def open_and_close() -> None:
        host.open(MODEL, game, seconds=60).close()

    confined = min(_clocked(open_and_close) for _ in range(OPENINGS))
    yield _row("opening a model", confined, min(_clocked(lambda: load_model(MODEL, game)) for _ in range(OPENINGS)))


def _series(host: ModelHost, calls: int) -> Iterator[Row]:
    """As an evaluation makes them: many games at first, few in the end."""
    game = get_game(*GAME)
    with host.open(MODEL, game, seconds=60) as model:
        here = NetworkEvaluator(load_model(MODEL, game).network, game)
        for size in (32, 8):
            observations = _observations(size)
            pairs = [(_spent(model, observations, calls), _spent(here, observations, calls)) for _ in range(SERIES)]
            there, at_home = sorted(pairs, key=lambda pair: pair[0] / pair[1])[len(pairs) // 2]
            yield _row(f"{calls} calls with {size} positions, processor time", there, at_home)


def _calls(host: ModelHost, calls: int) -> Iterator[Row]:
    with _next_to_nothing(host) as evaluators:
        for size in (4, 32):
            observations = _observations(size)
            there, at_home = (_fastest(evaluator, observations, calls) for evaluator in evaluators)
            yield _row(f"one call with {size} positions of next to no network", there, at_home)


@contextmanager
def _next_to_nothing(host: ModelHost) -> Iterator[tuple[Evaluator, Evaluator]]:
    """The smallest network there is, confined and here."""
    game = get_game(*GAME)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "small.pt"
        torch.save(build_network("mlp", NOTHING, game).state_dict(), path)
        file = ModelFile(path=path, architecture="mlp", parameters=NOTHING)
        with host.open(file, game, seconds=60) as model:
            yield model, NetworkEvaluator(load_model(file, game).network, game)


def _observations(size: int) -> Float32s:
    return np.random.default_rng(0).random((size, *get_game(*GAME).observation_shape), np.float32)


def _ask(evaluator: Evaluator, observations: Float32s) -> None:
    """One call, about as many logits as a player asks for."""
    count = len(observations)
    evaluator.evaluate(observations, np.tile(np.arange(MOVES), count), np.arange(count + 1) * MOVES)


def _spent(evaluator: Evaluator, observations: Float32s, calls: int) -> float:
    """Processor seconds of so many calls, those of the model's process included."""
    _ask(evaluator, observations)
    before = _processor_seconds(evaluator)
    for _ in range(calls):
        _ask(evaluator, observations)
    return _processor_seconds(evaluator) - before


def _processor_seconds(evaluator: Evaluator) -> float:
    return time.process_time() + (evaluator.cpu_seconds if isinstance(evaluator, ConfinedModel) else 0)


def _fastest(evaluator: Evaluator, observations: Float32s, calls: int) -> float:
    return min(_clocked(lambda: _ask(evaluator, observations)) for _ in range(calls))


def _clocked(doing: Callable[[], object]) -> float:
    started = time.perf_counter()
    doing()
    return time.perf_counter() - started


def _row(name: str, confined: float, here: float) -> Row:
    return name, f"{1000 * confined:,.3f}", f"{1000 * here:,.3f}", f"{confined / here:.2f}"
