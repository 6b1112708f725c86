"""A check that anybody can run on a game of theirs: it plays the game and holds it to every promise of the seam (game.py).

    check_game(my_game)        # raises BrokenPromiseError, with what was promised and where it was broken

Knows no game. What it finds depends on the seeds that it plays.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from play.games.game import Game, Int64s, Moves, States

_GAMES = 6


class BrokenPromiseError(AssertionError):
    """A game does something other than the seam promises; the text says what."""


def check_game(game: Game, *, seeds: Iterable[int] = range(_GAMES), decisions: int | None = None) -> None:
    """Play a game for each seed, at most so many decisions, checking each step. BrokenPromiseError."""
    numbers = np.array(list(seeds), np.int64)
    states = game.new(numbers)
    for _ in range(game.max_decisions if decisions is None else decisions):
        live = np.flatnonzero(~_over(game, states, len(numbers)))
        if not len(live):
            break
        _check_position(game, states, live)
        game.apply(states, live, _some_rows(game, states, live))
    _check_end(game, states, len(numbers))
    _check_repeats(game, numbers)


def promise(kept: bool, text: str) -> None:
    """BrokenPromiseError with the text, unless it is kept."""
    if not kept:
        raise BrokenPromiseError(text)


def _over(game: Game, states: States, count: int) -> np.ndarray:
    over = game.over(states)
    promise(over.shape == (count,) and over.dtype == np.bool_, f"over: bool[{count}], got {over.dtype}{over.shape}")
    mover = game.mover(states)
    promise(mover.shape == (count,), f"mover: int8[{count}], got {mover.dtype}{mover.shape}")
    promise(bool(((mover == -1) == over).all()), "mover is -1 exactly where the game is over")
    promise(bool((mover < game.num_players).all()), "mover is a seat, below num_players")
    return over


def _check_position(game: Game, states: States, live: Int64s) -> None:
    moves = game.legal_moves(states, live)
    _check_moves(game, states, live, moves)
    _check_observation(game, states, live)
    _check_draws(game, states, live)
    _check_random(game, states, live, moves)
    _check_apply(game, states, live, moves)


def _check_moves(game: Game, states: States, live: Int64s, moves: Moves) -> None:
    total = len(moves.rows)
    promise(moves.rows.shape == (total, 4) and moves.rows.dtype == np.int16, "legal_moves: rows are int16[total, 4]")
    counts = np.diff(moves.offsets)
    whole = len(moves.offsets) == len(live) + 1 and moves.offsets[0] == 0 and moves.offsets[-1] == total
    promise(bool(whole), "legal_moves: offsets begin at 0, end at total, and have one more entry than games")
    promise(bool((counts > 0).all()), "legal_moves is never empty for a live game")
    actions = game.actions(states, live, moves)
    promise(actions.shape == (total,), f"actions: int64[{total}], got {actions.dtype}{actions.shape}")
    promise(bool(((actions >= 0) & (actions < game.num_actions)).all()), "actions lie in 0 to num_actions - 1")
    for start, end in zip(moves.offsets, moves.offsets[1:], strict=False):
        promise(len(set(actions[start:end].tolist())) == end - start, "actions are distinct within one decision")
    described = game.describe(states, int(live[0]), moves.rows[0])
    promise(isinstance(described, str) and bool(described), "describe gives a text for a legal move")


def _check_observation(game: Game, states: States, live: Int64s) -> None:
    seen = game.observe(states, live)
    wanted = (len(live), *game.observation_shape)
    promise(
        seen.shape == wanted and seen.dtype == np.float32, f"observe: float32{wanted}, got {seen.dtype}{seen.shape}"
    )
    promise(bool(np.isfinite(seen).all()), "observations are finite")
    alone = game.observe(states, live[:1])
    promise(bool((alone[0] == seen[0]).all()), "an observation does not depend on the games beside it")


def _check_draws(game: Game, states: States, live: Int64s) -> None:
    copied = game.copy(states, live)
    alone = game.copy(states, live[:1])
    everyone = np.arange(len(live))
    first, second = game.draws(copied, everyone), game.draws(copied, everyone)
    promise(first.shape == (len(live),) and bool(((first >= 0) & (first < 1)).all()), "draws: float64[K] in [0, 1)")
    promise(bool((first != second).any()), "draws move the counter on")
    promise(game.draws(alone, everyone[:1])[0] == first[0], "a draw does not depend on the games beside it")


def _check_random(game: Game, states: States, live: Int64s, moves: Moves) -> None:
    rows = game.random_rows(game.copy(states, live), np.arange(len(live)))
    for index, row in enumerate(rows):
        legal = moves.rows[moves.offsets[index] : moves.offsets[index + 1]]
        promise(bool((legal == row).all(axis=1).any()), "random_rows draws legal moves")


def _check_apply(game: Game, states: States, live: Int64s, moves: Moves) -> None:
    """Playing in one copy of the batch changes the named game alone, and the original not at all."""
    before = game.observe(states, live)
    copied = game.copy(states, live)
    game.apply(copied, np.zeros(1, np.int64), moves.rows[:1])
    promise(bool((game.observe(states, live) == before).all()), "copy is independent of what it was copied from")
    if len(live) > 1:
        rest = (
            np.flatnonzero(~game.over(copied))[1:] if not game.over(copied)[0] else np.flatnonzero(~game.over(copied))
        )
        promise(bool((game.observe(copied, rest) == before[rest]).all()), "apply changes the named games alone")


def _some_rows(game: Game, states: States, live: Int64s) -> np.ndarray:
    return game.random_rows(states, live)


def _check_end(game: Game, states: States, count: int) -> None:
    over = np.flatnonzero(_over(game, states, count))
    scores = game.scores(states, over)
    promise(scores.shape == (len(over), game.num_players), f"scores: float64[{len(over)}, {game.num_players}]")
    promise(bool(((scores >= 0) & (scores <= 1)).all()), "scores lie in 0 to 1")
    parity = game.num_players / 2
    promise(bool(np.allclose(scores.sum(axis=1), parity)), f"the scores of a game sum to parity, {parity}")


def _check_repeats(game: Game, numbers: Int64s) -> None:
    """The same seeds give the same games, also alone and in another order."""
    forwards, backwards, alone = game.new(numbers), game.new(numbers[::-1].copy()), game.new(numbers[:1])
    for _ in range(min(10, game.max_decisions)):
        live = np.flatnonzero(~game.over(forwards))
        if 0 not in live:
            return
        rows = game.random_rows(forwards, live)
        mirrored = len(numbers) - 1 - live
        promise(
            bool((game.random_rows(backwards, mirrored) == rows).all()), "a game depends on its seed, not on its place"
        )
        first = np.zeros(1, np.int64)
        promise(
            bool((game.random_rows(alone, first)[0] == rows[0]).all()), "a game depends on its seed, not on its batch"
        )
        game.apply(forwards, live, rows)
        game.apply(backwards, mirrored, rows)
        game.apply(alone, first, rows[:1])
