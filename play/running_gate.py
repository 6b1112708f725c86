"""One gate while its games come in: block by block in schedule order, until it is decided.

What comes after that is surplus and is not counted: a rule that may end the games early holds for the first block that decides,
and for no later look at more games. It neither plays nor records.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from play.counting import Result, RunningTally
from shared.contract.judging import Tally, judge
from shared.contract.policy import GatePolicy
from shared.contract.words import GateVerdict, OpponentName


class RunningGate:
    """The games against one opponent that count so far. `verdict`: on them; `games`: how many they are."""

    def __init__(
        self, policy: GatePolicy, opponent: OpponentName, num_players: int, before: Tally | None = None
    ) -> None:
        """`before`: games that were counted before, of which none is repeated from here on."""
        self._policy, self._opponent, self._num_players = policy, opponent, num_players
        self._counted = RunningTally(num_players, before)
        self.games = before.games if before else 0
        self.verdict = self._judge()

    @property
    def tally(self) -> Tally:
        """What they amount to."""
        return self._counted.tally

    @property
    def is_decided(self) -> bool:
        """Whether no more games are needed."""
        return self.verdict is not GateVerdict.UNDECIDED

    def add(self, block: Sequence[Result]) -> bool:
        """Count the next whole block; False, and nothing counted, once the gate is decided."""
        if self.is_decided:
            return False
        self._counted.add(block)
        self.games += len(block)
        self.verdict = self._judge()
        return True

    def _judge(self) -> GateVerdict:
        planned = self._policy.games_planned(self._num_players)
        return judge(self._policy, self._opponent, self._counted.tally, planned, self._num_players)


def gate_after(policy: GatePolicy, opponent: OpponentName, num_players: int, results: Iterable[Result]) -> RunningGate:
    """The gate after recorded games, in schedule order; a last block that is not whole is counted like one."""
    gate, ordered = RunningGate(policy, opponent, num_players), sorted(results, key=lambda each: each.place)
    for start in range(0, len(ordered), num_players):
        if not gate.add(ordered[start : start + num_players]):
            break
    return gate
