"""A network as player: the policy as it is, one batched forward pass for each ply.

A network that fails has no move to give: the games are reported, nothing plays in its place.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from play.games.game import Bools, Float32s, Float64s, Game, Int64s, Moves, States
from play.players.choice import highest, sampled
from play.players.player import PlayerError


class Evaluated(NamedTuple):
    """What a network says of K positions. usable tells where all its numbers are finite."""

    logits: Float32s  # [K, num_actions]
    values: Float64s  # [K, players], relative to the mover
    usable: Bools  # [K]


def evaluate(network: nn.Module, game: Game, states: States, which: Int64s) -> Evaluated:
    """One forward pass in float32. RuntimeError when it fails or gives the wrong shape, whatever the network raised."""
    observed = torch.from_numpy(game.observe(states, which)).contiguous(memory_format=torch.channels_last)
    try:
        with torch.inference_mode():
            logits, values = (output.numpy() for output in network(observed))
    except Exception as error:  # a network may fail in any way
        raise RuntimeError(f"the network failed: {type(error).__name__}: {error}") from error
    wanted = ((len(which), game.num_actions), (len(which), game.num_players))
    if (logits.shape, values.shape) != wanted:
        raise RuntimeError(
            f"the network gave shapes {logits.shape} and {values.shape}: expected {wanted[0]} and {wanted[1]}"
        )
    usable = np.isfinite(logits).all(axis=1) & np.isfinite(values).all(axis=1)
    return Evaluated(logits, values.astype(np.float64), usable)


def legal_logits(logits: NDArray[np.float32], actions: Int64s, offsets: Int64s) -> Float64s:
    """float64[total]: the logits of the legal moves alone."""
    return logits[np.repeat(np.arange(len(logits)), np.diff(offsets)), actions].astype(np.float64)


class NetworkPlayer:
    """Plays the legal move with the highest logit, or one drawn at a temperature above 0 by the game's own counter.

    network: in eval mode. evaluations: positions evaluated so far.
    """

    name = "network"

    def __init__(self, network: nn.Module, temperature: float = 0.0) -> None:
        self.network = network
        self.temperature = temperature
        self.evaluations = 0

    def choose(self, game: Game, states: States, which: Int64s, moves: Moves) -> Int64s:
        """int64[K], as `Player.choose`."""
        try:
            evaluated = evaluate(self.network, game, states, which)
        except RuntimeError as error:
            raise PlayerError(which, str(error)) from error
        self.evaluations += len(which)
        if not evaluated.usable.all():
            raise PlayerError(which[~evaluated.usable], "the network's output is not finite")
        logits = legal_logits(evaluated.logits, game.actions(states, which, moves), moves.offsets)
        if self.temperature > 0:
            return sampled(logits, moves.offsets, self.temperature, states, which)
        return highest(logits, moves.offsets)
