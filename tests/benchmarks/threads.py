"""Two cores for one model or two: one process with two threads beside two processes with one each, by size of network."""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import torch
from rich.table import Table

from play.games.registry import get_game
from play.models.architectures.registry import build_network, count_weights
from play.models.network import NetworkEvaluator

NETWORKS: tuple[Mapping[str, int], ...] = (
    {"blocks": 4, "channels": 32},
    {"blocks": 6, "channels": 64},
    {"blocks": 10, "channels": 128},
)
BATCH, MOVES, ROUNDS = 32, 40, 3


def threads(quick: bool) -> Table:
    """Positions a second by the clock, and processor milliseconds for each; of several rounds in turn the fastest."""
    table = Table(
        "resnet", "weights", "2 processes, a second", "2 threads, a second", "2 processes, CPU-ms", "2 threads, CPU-ms",
        title=f"Two cores, hex8, {BATCH} positions in a pass",
    )  # fmt: skip
    passes = 8 if quick else 60
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        for parameters in NETWORKS:
            weights = count_weights(build_network("resnet", parameters, get_game("hex8", 2)))
            rounds = [
                (_measured(pool, parameters, passes, 2, 1), _measured(pool, parameters, passes, 1, 2))
                for _ in range(ROUNDS)
            ]
            (apart, apart_cpu), (together, together_cpu) = (max(each) for each in zip(*rounds, strict=True))
            table.add_row(
                f"{parameters['blocks']}x{parameters['channels']}", f"{weights:,}", f"{apart:,.0f}", f"{together:,.0f}",
                f"{apart_cpu:.2f}", f"{together_cpu:.2f}",
            )  # fmt: skip
    return table


def _measured(
    pool: ProcessPoolExecutor, parameters: Mapping[str, int], passes: int, processes: int, each: int
) -> tuple[float, float]:
    """Positions a second by the clock, and processor milliseconds for each of them."""
    running = [pool.submit(_spent, dict(parameters), passes, each) for _ in range(processes)]
    done = [future.result() for future in running]
    positions = passes * BATCH * processes
    wall = max(end for _, end, _ in done) - min(start for start, _, _ in done)
    return positions / wall, 1000 * sum(cpu for _, _, cpu in done) / positions


def _spent(parameters: dict[str, int], passes: int, count: int) -> tuple[float, float, float]:
    """When so many passes began and ended by the machine's clock, and the processor seconds of this process between."""
    torch.set_num_threads(count)
    game = get_game("hex8", 2)
    evaluator = NetworkEvaluator(build_network("resnet", parameters, game).eval(), game)
    observations = np.random.default_rng(0).random((BATCH, *game.observation_shape), np.float32)
    asked = np.tile(np.arange(MOVES), BATCH), np.arange(BATCH + 1) * MOVES
    evaluator.evaluate(observations, *asked)
    started, cpu = time.monotonic(), time.process_time()
    for _ in range(passes):
        evaluator.evaluate(observations, *asked)
    return started, time.monotonic(), time.process_time() - cpu
