"""Fits a network to positions: the expert's choice as policy, the final scores as value."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from play.training.positions import Positions

BATCH = 256
PEAK_LEARNING_RATE = 3e-3
VALUE_WEIGHT = 0.5
Progress = Callable[[int, int, float], None]
"""Told after every few batches: the batch, the number of batches, the running loss."""


def fit(network: nn.Module, positions: Positions, epochs: int, rng: np.random.Generator, progress: Progress) -> float:
    """Train in place for `epochs` passes; returns the mean loss of the last one. The network is left in eval mode."""
    network.train()
    count = len(positions.chosen)
    batches = -(-count // BATCH) * epochs
    optimizer = torch.optim.AdamW(network.parameters(), lr=PEAK_LEARNING_RATE, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, PEAK_LEARNING_RATE, total_steps=batches, pct_start=0.1)
    done = 0
    losses: list[float] = []
    for _ in range(epochs):
        losses = []
        order = rng.permutation(count)
        for start in range(0, count, BATCH):
            loss = _loss(network, positions, order[start : start + BATCH])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it unannotated
            optimizer.step()
            schedule.step()
            losses.append(float(loss.detach()))
            done += 1
            if done % 20 == 0:
                progress(done, batches, float(np.mean(losses[-20:])))
    network.eval()
    return float(np.mean(losses))


def _loss(network: nn.Module, positions: Positions, picked: np.ndarray) -> torch.Tensor:
    observed = torch.from_numpy(positions.observations[picked].astype(np.float32)).contiguous(
        memory_format=torch.channels_last
    )
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits, value = network(observed)
    legal = torch.zeros_like(logits, dtype=torch.bool)
    rows = np.repeat(np.arange(len(picked)), np.diff(positions.offsets)[picked])
    columns = np.concatenate([positions.legal[positions.offsets[i] : positions.offsets[i + 1]] for i in picked])
    legal[torch.from_numpy(rows), torch.from_numpy(columns.astype(np.int64))] = True
    policy = functional.cross_entropy(
        logits.float().masked_fill(~legal, -1e9), torch.from_numpy(positions.chosen[picked])
    )
    return policy + VALUE_WEIGHT * functional.mse_loss(value.float(), torch.from_numpy(positions.scores[picked]))
