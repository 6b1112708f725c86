"""How far the games of an evaluation are, and which blocks of them are to be played next. Pure.

Opponents are met in order, cheapest verdict first, and none after a failed gate; the panel, which has no gate, last. Blocks of one
schedule may be played by many workers at once, in any order; what counts is the prefix.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from play.counting import Result
from services.gauntlet.evaluation import Evaluation
from services.gauntlet.prefix import Prefix
from shared.contract.judging import Tally
from shared.contract.words import PANEL, GateVerdict, OpponentName

Recorded = Mapping[OpponentName, Mapping[int, Result]]
"""What counts of recorded games, by opponent and place in its schedule."""


def by_opponent(results: Iterable[Result]) -> dict[OpponentName, dict[int, Result]]:
    """The same results as a course has them."""
    found: dict[OpponentName, dict[int, Result]] = {}
    for each in results:
        found.setdefault(each.opponent, {})[each.place] = each
    return found


class Blocks(NamedTuple):
    """Whole blocks of one opponent's schedule: `games` of them from `first` on."""

    opponent: OpponentName
    first: int
    games: int

    @property
    def places(self) -> range:
        """Of its games."""
        return range(self.first, self.first + self.games)

    def __contains__(self, index: object) -> bool:
        return index in self.places


class Course:
    """The games of an evaluation as they are recorded."""

    def __init__(self, evaluation: Evaluation, recorded: Recorded) -> None:
        gates, self._block = evaluation.playable.gates, evaluation.configuration.num_players
        self._recorded = {name: dict(games) for name, games in recorded.items()}
        self._silenced = evaluation.silenced
        self._prefixes = {name: Prefix(gates, name, self._block) for name in evaluation.opponents}
        for name, prefix in self._prefixes.items():
            prefix.add(recorded.get(name, {}).values())

    def add(self, results: Iterable[Result]) -> None:
        """More games are recorded."""
        for name, games in by_opponent(results).items():
            self._recorded.setdefault(name, {}).update(games)
            if name in self._prefixes:
                self._prefixes[name].add(games.values())

    @property
    def opponent(self) -> OpponentName | None:
        """Who is met now; None when every gate is decided and the panel was met, or a gate has failed for good."""
        for name, prefix in self._prefixes.items():
            if name not in self._silenced and prefix.verdict is GateVerdict.UNDECIDED:
                return name
            if name not in PANEL and prefix.verdict is not GateVerdict.PASSED:
                return None
        return None

    @property
    def surplus(self) -> list[tuple[OpponentName, int]]:
        """Recorded games that count for nothing, because their gate was decided without them."""
        return [
            (name, place)
            for name, games in self._recorded.items()
            for place in games
            if name not in self._prefixes or self._is_surplus(name, place)
        ]

    @property
    def saved(self) -> int:
        """Games that were planned and need not be played."""
        return sum(each.left for each in self._prefixes.values())

    @property
    def recorded(self) -> int:
        """Games that are recorded, against whomever."""
        return sum(map(len, self._recorded.values()))

    @property
    def left(self) -> int:
        """Games against the opponent who is met now that do not count yet."""
        return self._prefixes[self.opponent].left if self.opponent else 0

    def left_against(self, opponent: OpponentName) -> int:
        """Games against an opponent that are not recorded yet and may have to be played."""
        prefix = self._prefixes[opponent]
        is_over = prefix.is_decided or opponent in self._silenced
        return 0 if is_over else prefix.planned - len(self._recorded.get(opponent, {}))

    @property
    def likely_needed(self) -> int:
        """Games against the opponent who is met now that are likely to count, beside those that do."""
        return self._prefixes[self.opponent].likely_needed if self.opponent else 0

    def counted(self, opponent: OpponentName) -> Tally:
        """What counts against an opponent so far."""
        return self._prefixes[opponent].tally

    def next_blocks(self, claimed: Iterable[Blocks], most_games: int, within: int) -> Blocks | None:
        """The first blocks that are neither recorded nor claimed, in one piece and among the next `within` games that count.

        None if there are none, or no opponent is left.
        """
        opponent, free = self.opponent, self.free(claimed, within)
        if opponent is None or not free:
            return None
        return Blocks(opponent, free[0], self._in_one_piece(free, max(most_games, 1)))

    def free(self, claimed: Iterable[Blocks], within: int) -> list[int]:
        """First games of the blocks that are neither recorded nor claimed, of the next `within` games that count."""
        opponent = self.opponent
        if opponent is None:
            return []
        taken = {place for each in claimed if each.opponent == opponent for place in each.places}
        end = self._prefixes[opponent].games + within
        return [start for start in self._missing(opponent) if start < end and start not in taken]

    def late_blocks(self, claimed: Sequence[Blocks]) -> Blocks | None:
        """What of the first of these claims is missing: the game that everybody waits for, to be played once more elsewhere."""
        opponent = self.opponent
        if opponent is None:
            return None
        missing = self._missing(opponent)
        late = next((each for each in claimed if each.opponent == opponent and missing and missing[0] in each), None)
        if late is None:
            return None
        return Blocks(opponent, missing[0], late.first + late.games - missing[0])

    def _missing(self, opponent: OpponentName) -> list[int]:
        """First games of the blocks that are not recorded."""
        prefix, recorded = self._prefixes[opponent], self._recorded.get(opponent, {})
        return [start for start in range(prefix.games, prefix.planned, self._block) if start not in recorded]

    def _in_one_piece(self, free: Sequence[int], most_games: int) -> int:
        """Games of the blocks that follow each other, at least one block."""
        games = self._block
        for before, start in pairwise(free):
            if start != before + self._block or games + self._block > most_games:
                break
            games += self._block
        return games

    def _is_surplus(self, name: OpponentName, place: int) -> bool:
        prefix = self._prefixes[name]
        return (prefix.is_decided or name in self._silenced) and place >= prefix.games
