"""A replayed game as a page tells it: who sits where, how it ended, which moves are listed around the one that is shown. Pure."""

from __future__ import annotations

from typing import NamedTuple

from shared.contract.replay import GameReplay, ReplayedMove, SeatStanding

MOST_LISTED = 120
"""Moves that are listed at once."""


class Seat(NamedTuple):
    """A player at the board. `rank`: 1 for the best; None while nobody has won."""

    number: int
    player: str
    is_candidate: bool
    has_moved: bool
    standing: SeatStanding | None
    rank: int | None


class Listing(NamedTuple):
    """The moves that are listed, and where earlier and later ones are found."""

    moves: list[ReplayedMove]
    earlier: int | None
    later: int | None


def seats(replay: GameReplay, at: ReplayedMove) -> list[Seat]:
    """Every seat as it is after a move."""
    return [
        Seat(
            number + 1,
            player_of(replay, number),
            number == replay.seat,
            number == at.seat,
            at.seats[number] if number < len(at.seats) else None,
            rank(replay.scores, number),
        )
        for number in range(_players(replay))
    ]


def player_of(replay: GameReplay, seat: int | None) -> str:
    """Who sits there."""
    return "candidate" if seat == replay.seat else replay.opponent.replace("_", " ")


def rank(scores: list[float] | None, seat: int) -> int | None:
    """A seat's place at the end; equals share one."""
    return None if scores is None else 1 + sum(each > scores[seat] for each in scores)


def result(replay: GameReplay) -> str:
    """How it ended, in words."""
    words = {
        "win": "the candidate won",
        "loss": "the candidate lost",
        "draw": "a draw",
        "truncated": "ended at its longest, without a result",
        "errored": "ended by an error, without a result",
    }
    place = rank(replay.scores, replay.seat)
    behind = f", rank {place} of {_players(replay)}" if place is not None and _players(replay) > 2 else ""
    return words[replay.outcome] + behind


def listing(replay: GameReplay, number: int) -> Listing:
    """The moves around one: all of a short game, and so many of a long one."""
    first = max(0, min(number - MOST_LISTED // 2, len(replay.moves) - MOST_LISTED))
    shown = replay.moves[first : first + MOST_LISTED]
    last = first + len(shown)
    return Listing(shown, first if first else None, last + 1 if last < len(replay.moves) else None)


def shown_move(replay: GameReplay, number: int | None) -> ReplayedMove:
    """The move that is asked for: the nearest there is, and the last if none is."""
    moves = [replay.opening, *replay.moves]
    return moves[-1 if number is None else min(max(number, 0), len(moves) - 1)]


def _players(replay: GameReplay) -> int:
    return int(replay.configuration[-2])
