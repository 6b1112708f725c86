"""The part of one opponent's schedule that counts: its finished blocks from the first game on, up to the one that decides the gate.

Which games end first, and on which machine, changes nothing about it (statistics.md, Schedule). Pure: it plays and records nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from play.counting import Result
from play.running_gate import RunningGate
from services.gauntlet.foresight import likely_needed
from shared.contract.judging import Tally
from shared.contract.policy import GatePolicy
from shared.contract.words import GateVerdict, OpponentName


class Prefix:
    """The counted games against one opponent; `counted`: those that were counted before."""

    def __init__(
        self, gates: GatePolicy, opponent: OpponentName, num_players: int, counted: Tally | None = None
    ) -> None:
        self.planned = gates.games_planned(num_players)
        self._rule, self._num_players = (gates, opponent), num_players
        self._gate = RunningGate(gates, opponent, num_players, counted)
        self._waiting: dict[int, Result] = {}
        self._likely_needed: int | None = None

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
    def likely_needed(self) -> int:
        """So many more games are likely to count."""
        if self.is_decided:
            return 0
        if self._likely_needed is None:
            self._likely_needed = likely_needed(*self._rule, self.tally, self.planned, self._num_players)
        return self._likely_needed

    def add(self, results: Iterable[Result]) -> None:
        """Finished games, in any order. Those after the deciding block are never counted."""
        self._waiting.update({each.place: each for each in results})
        self._likely_needed = None
        while not self.is_decided:
            block = range(self.games, self.games + self._num_players)
            if not all(place in self._waiting for place in block):
                return
            self._gate.add([self._waiting.pop(place) for place in block])
