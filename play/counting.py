"""What recorded games amount to against one opponent, and all together. Counts what was recorded and nothing else."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Self

from play.record import PlayedGame
from shared.contract.eprocess import interval
from shared.contract.evidence import CONFIDENCE, OpponentEvidence, ScoreInterval, SeatEvidence
from shared.contract.flip_margin import flip_margin
from shared.contract.gate import units_per_game
from shared.contract.judging import Tally
from shared.contract.policy import GatePolicy
from shared.contract.words import OpponentName, Outcome

DIGITS = 6
"""To which what is computed in floating point is kept: the same on every machine."""


class Result(NamedTuple):
    """What counts of a recorded game. `units`: its score, None without one; `fingerprint`: of its move sequence; `place`: its
    place in the schedule; `seat`: the candidate's."""

    opponent: OpponentName
    outcome: Outcome
    units: int | None
    network_evaluations: int
    fingerprint: str
    place: int
    seat: int

    @classmethod
    def of(cls, played: PlayedGame) -> Self:
        """Of a whole record."""
        fingerprint = hashlib.md5(played.moves.encode(), usedforsecurity=False).hexdigest()
        evaluations = played.network_evaluations
        return cls(played.opponent, played.outcome, played.units, evaluations, fingerprint, played.index, played.seat)


class RunningTally:
    """The tally of games against one opponent, as they are added block by block.

    A repeat has the moves of an earlier game from the same seat. The same moves from another seat are none: between two copies of
    one network they are the other half of a block, and one half alone would say who moves first and not who plays better.
    """

    def __init__(self, num_players: int, before: Tally | None = None) -> None:
        """`before`: games that were counted before."""
        nothing = (0,) * (units_per_game(num_players) + 1)
        histogram, effective, self._unscored = before or Tally(nothing, nothing)
        self._histogram, self._effective = list(histogram), list(effective)
        self._seen: set[tuple[int, int, str]] = set()

    def add(self, results: Iterable[Result]) -> None:
        """Count more games. ValueError for a score that no game can give."""
        for each in results:
            if each.units is None:
                self._unscored += 1
                continue
            if not 0 <= each.units < len(self._histogram):
                raise ValueError(f"game {each.place} scored {each.units} units of {len(self._histogram) - 1}")
            self._histogram[each.units] += 1
            key = each.seat, each.units, each.fingerprint
            self._effective[each.units] += key not in self._seen
            self._seen.add(key)

    @property
    def tally(self) -> Tally:
        """What was counted so far."""
        return Tally(tuple(self._histogram), tuple(self._effective), self._unscored)


def tally_of(results: Iterable[Result], num_players: int) -> Tally:
    """The tally of games that are all against one opponent, in any order."""
    running = RunningTally(num_players)
    running.add(results)
    return running.tally


def count(opponent: OpponentName, gates: GatePolicy, num_players: int, results: Sequence[Result]) -> OpponentEvidence:
    """The evidence against one opponent, of all results that are against it."""
    own = [each for each in results if each.opponent == opponent]
    outcomes, tally = Counter(each.outcome for each in own), tally_of(own, num_players)
    planned, blocks = gates.games_planned(num_players), block_histogram(own, num_players)
    return OpponentEvidence(
        opponent=opponent,
        games_planned=planned,
        games=len(own),
        wins=outcomes["win"],
        draws=outcomes["draw"],
        losses=outcomes["loss"],
        truncated=outcomes["truncated"],
        errored=outcomes["errored"],
        score_histogram=list(tally.histogram),
        distinct_games=len({each.fingerprint for each in own}),
        network_evaluations=sum(each.network_evaluations for each in own),
        effective_histogram=list(tally.effective),
        block_histogram=blocks,
        interval=_interval(blocks),
        flip_margin=flip_margin(gates, opponent, tally, planned, num_players),
        seats=[
            _of_seat(seat, own, num_players) for seat in sorted({*range(num_players), *(each.seat for each in own)})
        ],
    )


def block_histogram(results: Iterable[Result], num_players: int) -> list[int]:
    """Entry j counts the blocks that scored j units together: those of which every game has a score, repeats once."""
    blocks: dict[int, list[Result]] = defaultdict(list)
    for each in results:
        blocks[each.place // num_players].append(each)
    whole = [sorted(block, key=lambda each: each.seat) for block in blocks.values() if len(block) == num_players]
    scored = {tuple((each.fingerprint, each.units) for each in block) for block in whole}
    histogram = [0] * (num_players * units_per_game(num_players) + 1)
    for block in scored:
        units = [each for _, each in block if each is not None]
        if len(units) == num_players:
            histogram[sum(units)] += 1
    return histogram


def _interval(blocks: Sequence[int]) -> ScoreInterval:
    low, high = interval(blocks, 1 - CONFIDENCE)
    return ScoreInterval(low=round(low, DIGITS), high=round(high, DIGITS))


def _of_seat(seat: int, own: Sequence[Result], num_players: int) -> SeatEvidence:
    games = [each for each in own if each.seat == seat]
    histogram = list(tally_of(games, num_players).histogram)
    return SeatEvidence(seat=seat, games=len(games), score_histogram=histogram)
