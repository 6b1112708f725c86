"""Traces: a played game is written, read back and checked, and a forged one is found out."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from play.games.registry import get_ringrift
from play.games.ringrift.trace import record_trace, verify_trace


def random_trace(board_type: str, players: int, seed: int) -> dict[str, Any]:
    """The trace of a random game."""
    game = get_ringrift(board_type, players)
    which = np.zeros(1, np.int64)
    states = game.new(np.array([seed]))
    rows = []
    while not game.over(states)[0]:
        rows.append(game.random_rows(states, which)[0])
        game.apply(states, which, rows[-1][None])
    return record_trace(game, seed, np.array(rows, np.int16))


@pytest.mark.parametrize(("board_type", "players"), [("hex8", 2), ("hex8", 4), ("square8", 3)])
def test_a_recorded_game_verifies(board_type: str, players: int) -> None:
    """What the engine writes, it reads back without a difference, to a finished game."""
    for seed in range(4):
        document = random_trace(board_type, players, seed)
        assert document["profile"] == "canonical"
        assert document["final"]["status"] == "completed"
        assert verify_trace(document) is None


@pytest.mark.parametrize(
    ("field", "value"),
    [("p", 9), ("ph", "capture"), ("n", 1000), ("L", "00000000"), ("m", "place_ring|0,0,0|9"), ("h", "0" * 16)],
)
def test_a_forged_step_is_the_first_difference(field: str, value: object) -> None:
    """Whatever a step states wrongly is named, with its place and both values."""
    document = random_trace("hex8", 2, 1)
    document["steps"][30][field] = value
    difference = verify_trace(document)
    assert difference is not None
    assert (difference.step, difference.what, difference.expected) == (30, field, value)


def test_a_forged_winner_is_found() -> None:
    """The outcome is compared too."""
    document = random_trace("hex8", 2, 1)
    document["final"]["winner"] = 3 - document["final"]["winner"]
    difference = verify_trace(document)
    assert difference is not None
    assert difference.what == "winner"


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda trace: trace.update(format="other"), "format is 'other': expected 'ringrift-trace-v1'"),
        (lambda trace: trace.update(boardType="hex9"), "boardType is 'hex9': expected one of hex8"),
        (lambda trace: trace.update(numPlayers="2"), "numPlayers is '2'"),
        (lambda trace: trace.update(profile="loose"), "profile is 'loose'"),
        (lambda trace: trace.pop("steps"), "steps is missing"),
        (lambda trace: trace["steps"][3].pop("m"), "step 3 has no move key"),
    ],
)
def test_malformed_documents_are_refused(spoil: Callable[[dict[str, Any]], object], message: str) -> None:
    """A document that is no trace is an error in words, not a difference."""
    document = random_trace("hex8", 2, 0)
    spoil(document)
    with pytest.raises(ValueError, match=message):
        verify_trace(document)
