"""What the opponents' evidence amounts to all together: the Elo estimate for people, and what the games cost. Judges nothing."""

from __future__ import annotations

from collections.abc import Sequence

from shared.contract.elo import ANCHORS, Score, estimate, rating
from shared.contract.eprocess import Interval, interval
from shared.contract.evidence import CONFIDENCE, CostReceipt, EloEstimate, OpponentEvidence, mean_score


def elo_of(opponents: Sequence[OpponentEvidence], num_players: int) -> EloEstimate | None:
    """Of the games against the anchors, repeats once; None without any that has a score.

    The interval's ends are the ratings of the ends of the opponents' intervals, each so certain that all hold at once.
    """
    met = [each for each in opponents if each.opponent in ANCHORS and each.effective_games]
    found = estimate([_scored(each, num_players) for each in met])
    if found is None:
        return None
    error = (1 - CONFIDENCE) / len(met)
    bounds = [interval(each.block_histogram or (0, 0), error) for each in met]
    low, high = (_bound(met, bounds, end) for end in (0, 1))
    return EloEstimate(rating=round(found, 1), low=low, high=high)


def cost_of(
    opponents: Sequence[OpponentEvidence],
    *,
    core_seconds: float | None = None,
    forward_seconds: float | None = None,
    surplus_games: int | None = None,
) -> CostReceipt:
    """What was measured, with what the evidence itself says."""
    games = sum(each.games for each in opponents)
    return CostReceipt(
        core_seconds=core_seconds,
        forward_seconds=forward_seconds,
        games=games,
        surplus_games=surplus_games,
        saved_games=sum(each.games_planned for each in opponents) - games,
    )


def _scored(evidence: OpponentEvidence, num_players: int) -> Score:
    games = evidence.effective_histogram or []
    return Score(ANCHORS[evidence.opponent], sum(games) * (mean_score(games, num_players) or 0), sum(games))


def _bound(met: Sequence[OpponentEvidence], bounds: Sequence[Interval], end: int) -> float | None:
    games = [each.effective_games or 0 for each in met]
    scores = [
        Score(ANCHORS[each.opponent], bound[end] * count, count)
        for each, bound, count in zip(met, bounds, games, strict=True)
    ]
    found = rating(scores)
    return None if found is None else round(found, 1)
