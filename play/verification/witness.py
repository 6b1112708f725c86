"""Recorded games played again by the same players, each told afterwards what was recorded, and compared decision by decision.

The recorded move is the one that is made, so that one deviation does not hide all that follows. Judges no evaluation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

import numpy as np

from play.arena import Arena, evaluations_of
from play.games.game import Float64s, Game, Int16s, Int64s, Moves, States
from play.players.player import Player, PlayerError, Weighed, WeighingPlayer
from play.record import PlayedGame, decode_rows
from play.schedule import PlannedGame
from play.verification.findings import Agreement
from shared.contract.words import OpponentName

LANES = 64


@dataclass(frozen=True)
class Replayed:
    """A recorded game against its replay. `detail`: where they differ first, None where they do not."""

    opponent: OpponentName
    index: int
    agreement: Agreement
    detail: str | None = None


@dataclass
class _Transcript:
    """The recorded decisions of some games, and what differed so far. `at`: each game's next decision."""

    rows: list[Int16s]
    at: Int64s
    ties: dict[int, str] = field(default_factory=dict)
    faults: dict[int, str] = field(default_factory=dict)

    def places(self, which: Int64s, moves: Moves) -> Int64s:
        """int64[K]: where the recorded moves are among the legal ones. PlayerError for games whose record has none there."""
        found = np.array([self._place(index, moves, at) for at, index in enumerate(which)], np.int64)
        if (found < 0).any():
            raise PlayerError(which[found < 0], "the record has no legal move here")
        return found

    def _place(self, index: int, moves: Moves, at: int) -> int:
        number, legal = int(self.at[index]), moves.rows[moves.offsets[at] : moves.offsets[at + 1]]
        if number >= len(self.rows[index]):
            self.faults.setdefault(index, f"the record ends before decision {number}, where a move is to be made")
            return -1
        same = (legal == self.rows[index][number]).all(axis=1)
        if not same.any():
            row = self.rows[index][number].tolist()
            self.faults.setdefault(index, f"decision {number}: {row} is not a legal move there")
            return -1
        return int(same.argmax())


class _Witness:
    """A player that makes the recorded moves, and notes where the real one would have made others."""

    def __init__(self, player: Player, transcript: _Transcript) -> None:
        self.name, self._player, self._transcript = player.name, player, transcript

    @property
    def evaluations(self) -> int:
        """As the real player's."""
        return evaluations_of(self._player)

    def choose(self, game: Game, states: States, which: Int64s, moves: Moves) -> Int64s:
        """int64[K]: the recorded moves."""
        recorded = self._transcript.places(which, moves)
        weighed = _weighed(self._player, game, states, which, moves)
        for at in np.flatnonzero(recorded != weighed.chosen):
            self._note(int(which[at]), int(at), int(recorded[at]), weighed, moves)
        self._transcript.at[which] += 1
        return recorded

    def _note(self, index: int, at: int, recorded: int, weighed: Weighed, moves: Moves) -> None:
        start, chosen = int(moves.offsets[at]), int(weighed.chosen[at])
        gap = float(weighed.preferences[start + chosen] - weighed.preferences[start + recorded])
        made, other = moves.rows[start + recorded].tolist(), moves.rows[start + chosen].tolist()
        number = int(self._transcript.at[index])
        tied = gap <= weighed.tie[at]
        text = f"decision {number}: {self.name} chooses {other}, recorded is {made}, preferred less by {gap:.3g}"
        (self._transcript.ties if tied else self._transcript.faults).setdefault(index, text)


def replay_by(
    game: Game, candidate: Player, opponent: Player, recorded: Sequence[PlayedGame], opening_plies: int
) -> Iterator[Replayed]:
    """Each recorded game against one opponent, played again by these players. ValueError for moves that cannot be decoded."""
    planned = [PlannedGame.of(each) for each in recorded]
    rows = [decode_rows(each.moves) for each in recorded]
    opened = min(opening_plies, game.max_decisions)
    transcript = _Transcript(rows, np.full(len(recorded), opened, np.int64))
    own, other = _Witness(candidate, transcript), _Witness(opponent, transcript)
    place = {each: number for number, each in enumerate(planned)}
    for ended in Arena(game, own, other, planned, opening_plies).play(LANES):
        for again in ended:
            number = place[PlannedGame.of(again)]
            yield _compared(recorded[number], again, transcript, number)


def by_opponent(recorded: Sequence[PlayedGame]) -> Iterator[tuple[OpponentName, list[PlayedGame]]]:
    """The games against each opponent."""
    ordered = sorted(recorded, key=lambda each: (each.opponent, each.index))
    for opponent, games in groupby(ordered, key=lambda each: each.opponent):
        yield opponent, list(games)


def _compared(recorded: PlayedGame, again: PlayedGame, transcript: _Transcript, number: int) -> Replayed:
    detail = transcript.faults.get(number) or _difference(recorded, again)
    if detail is not None:
        return Replayed(recorded.opponent, recorded.index, Agreement.TAMPERED, detail)
    tie = transcript.ties.get(number)
    return Replayed(recorded.opponent, recorded.index, Agreement.FLOAT_TIE if tie else Agreement.IDENTICAL, tie)


def _difference(recorded: PlayedGame, again: PlayedGame) -> str | None:
    """What of a result is not as recorded; the openings show in the moves."""
    for name in ("outcome", "units", "decisions", "moves"):
        found, kept = getattr(again, name), getattr(recorded, name)
        if found != kept:
            shown = "" if name == "moves" else f": {found}, recorded is {kept}"
            return f"the {name} are others{shown}" if name != "outcome" else f"the outcome is another{shown}"
    return None


def _weighed(player: Player, game: Game, states: States, which: Int64s, moves: Moves) -> Weighed:
    """A player's choices; one that does not weigh has no ties."""
    if isinstance(player, WeighingPlayer):
        return player.weigh(game, states, which, moves)
    chosen = player.choose(game, states, which, moves)
    preferences: Float64s = np.zeros(len(moves.rows))
    preferences[moves.offsets[:-1] + chosen] = 1.0
    return Weighed(chosen, preferences, np.zeros(len(which)))
