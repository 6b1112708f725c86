"""The part of one opponent's schedule that counts: its finished blocks from the first game on, up to the one that decides the gate.

Which games end first, and on which machine, changes nothing about it (statistics.md, Schedule). Pure: it plays and records nothing.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable

from play.counting import Result
from play.running_gate import RunningGate
from shared.contract.gate import units_per_game
from shared.contract.judging import Tally, judge
from shared.contract.policy import GatePolicy
from shared.contract.words import GateVerdict, OpponentName


class Prefix:
    """The counted games against one opponent; `counted`: those that were counted before."""

    def __init__(
        self, gates: GatePolicy, opponent: OpponentName, num_players: int, counted: Tally | None = None
    ) -> None:
        self.planned = gates.games_planned(num_players)
        self._gates, self._opponent, self._num_players = gates, opponent, num_players
        self._gate = RunningGate(gates, opponent, num_players, counted)
        self._waiting: dict[int, Result] = {}

    @property
    def games(self) -> int:
        """Games that count."""
        return self._gate.games

    @property
    def tally(self) -> Tally:
        """What they amount to."""
        return self._gate.tally

    @property
    def verdict(self) -> GateVerdict:
        """The gate's, on these games."""
        return self._gate.verdict

    @property
    def is_decided(self) -> bool:
        """Whether no more games are needed."""
        return self._gate.is_decided

    @property
    def left(self) -> int:
        """Games that are planned and do not count yet."""
        return self.planned - self.games

    @property
    def surely_needed(self) -> int:
        """The fewest games that could decide the gate, all won or all lost: so many more are needed whatever comes of them."""
        blocks = range(self._num_players, self.left + 1, self._num_players)
        if self.is_decided or not blocks:
            return 0
        return blocks[min(bisect_left(blocks, True, key=self._could_decide), len(blocks) - 1)]

    def add(self, results: Iterable[Result]) -> None:
        """Finished games, in any order. Those after the deciding block are never counted."""
        self._waiting.update({each.place: each for each in results})
        while not self.is_decided:
            block = range(self.games, self.games + self._num_players)
            if not all(place in self._waiting for place in block):
                return
            self._gate.add([self._waiting.pop(place) for place in block])

    def _could_decide(self, games: int) -> bool:
        most = units_per_game(self._num_players)
        return any(self._after(games, units) is not GateVerdict.UNDECIDED for units in (0, most))

    def _after(self, games: int, units: int) -> GateVerdict:
        """The verdict if so many more games were different from all before, and each scored `units`."""
        counted, effective = (list(each) for each in self.tally[:2])
        counted[units] += games
        effective[units] += games
        tally = Tally(tuple(counted), tuple(effective), self.tally.unscored)
        return judge(self._gates, self._opponent, tally, self.planned, self._num_players)
