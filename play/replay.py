"""Recorded games played again from their moves, to the result they were recorded with.

It trusts nothing in the record but what it checks: every move must be legal where it is played.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from play.arena import score_of
from play.games.game import Game, Int16s, States
from play.record import PlayedGame, decode_rows
from shared.contract.words import Outcome

_ONLY = np.zeros(1, np.int64)


class ReplayError(Exception):
    """A recorded game that does not replay to its recorded result."""


class Step(NamedTuple):
    """A decision played again. `seat`: who made it, 0-based; `action`: its name; `states`: where it led, until the next."""

    number: int
    seat: int
    action: str
    row: Int16s
    states: States


def replay(game: Game, played: PlayedGame) -> list[float] | None:
    """Play a recorded game again: the final scores by seat, or None where it ended without (truncated, errored).

    ReplayError says at which decision a move is illegal, or in what the result differs.
    """
    states = _play_again(game, played)
    over = bool(game.over(states)[0])
    found = _result(game, states, played, over=over)
    if found != (played.outcome, played.units):
        raise ReplayError(f"{_name(played)} ends as {found}: recorded as {(played.outcome, played.units)}")
    return [float(score) for score in game.scores(states, _ONLY)[0]] if over else None


def opening(game: Game, played: PlayedGame) -> States:
    """The position that a recorded game began with."""
    return game.new(np.array([played.seed], np.int64))


def steps(game: Game, played: PlayedGame) -> Iterator[Step]:
    """A recorded game, decision by decision, numbered from 1. ReplayError where one is illegal, or the record is damaged."""
    states = opening(game, played)
    for number, row in enumerate(_rows(played), 1):
        _require_legal(game, states, played, number - 1, row)
        seat, action = int(game.mover(states)[0]), game.describe(states, 0, row)
        game.apply(states, _ONLY, row[np.newaxis])
        yield Step(number, seat, action, row, states)


def _play_again(game: Game, played: PlayedGame) -> States:
    states = opening(game, played)
    for number, row in enumerate(_rows(played)):
        _require_legal(game, states, played, number, row)
        game.apply(states, _ONLY, row[np.newaxis])
    return states


def _rows(played: PlayedGame) -> Int16s:
    try:
        rows = decode_rows(played.moves)
    except ValueError as error:
        raise ReplayError(f"{_name(played)} has moves that are none: {error}") from error
    if len(rows) != played.decisions:
        raise ReplayError(f"{_name(played)} has {len(rows)} moves: recorded with {played.decisions} decisions")
    return rows


def _require_legal(game: Game, states: States, played: PlayedGame, number: int, row: Int16s) -> None:
    if game.over(states)[0] or not _is_legal(game, states, row):
        raise ReplayError(f"{_name(played)}: decision {number} {row.tolist()} is not a legal move there")


def _is_legal(game: Game, states: States, row: Int16s) -> bool:
    return bool((game.legal_moves(states, _ONLY).rows == row).all(axis=1).any())


def _result(game: Game, states: States, played: PlayedGame, *, over: bool) -> tuple[Outcome, int | None]:
    if over:
        return score_of(game, states, 0, played.seat)
    if played.decisions >= game.max_decisions and played.error is None:
        return "truncated", None
    if played.error is None:
        raise ReplayError(f"{_name(played)} stops after {played.decisions} decisions, neither over nor errored")
    return "errored", None


def _name(played: PlayedGame) -> str:
    return f"game {played.index} against {played.opponent}"
