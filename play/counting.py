"""What recorded games amount to against one opponent. Counts what was recorded and nothing else."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple, Self

from play.record import PlayedGame
from shared.contract.evidence import OpponentEvidence
from shared.contract.gate import units_per_game
from shared.contract.words import OpponentName, Outcome


class Result(NamedTuple):
    """What counts of a recorded game. `units`: its score, None without one; `fingerprint`: of its move sequence."""

    opponent: OpponentName
    outcome: Outcome
    units: int | None
    network_evaluations: int
    fingerprint: str

    @classmethod
    def of(cls, played: PlayedGame) -> Self:
        """Of a whole record."""
        fingerprint = hashlib.md5(played.moves.encode(), usedforsecurity=False).hexdigest()
        return cls(played.opponent, played.outcome, played.units, played.network_evaluations, fingerprint)


def count(opponent: OpponentName, games_planned: int, num_players: int, results: Sequence[Result]) -> OpponentEvidence:
    """The evidence against one opponent, of all results that are against it."""
    own = [each for each in results if each.opponent == opponent]
    outcomes = Counter(each.outcome for each in own)
    units = Counter(each.units for each in own)
    return OpponentEvidence(
        opponent=opponent,
        games_planned=games_planned,
        games=len(own),
        wins=outcomes["win"],
        draws=outcomes["draw"],
        losses=outcomes["loss"],
        truncated=outcomes["truncated"],
        errored=outcomes["errored"],
        score_histogram=[units[score] for score in range(units_per_game(num_players) + 1)],
        distinct_games=len({each.fingerprint for each in own}),
        network_evaluations=sum(each.network_evaluations for each in own),
    )
