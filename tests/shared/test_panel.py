"""A circle among canonical versions is flagged, and progress is not."""

import random

from shared.contract.flip_margin import flip_margin
from shared.contract.judging import Tally, judge
from shared.contract.panel import VERSIONS_AGO, Cycle, PanelGames, cycles, versions_of
from shared.contract.policy import GatePolicy
from shared.contract.words import GateVerdict


def games(versions_ago: int, losses: int, wins: int) -> PanelGames:
    """Games of two players of which none repeats another."""
    histogram = (losses, 0, wins)
    return PanelGames(versions_ago, Tally(histogram, histogram))


def test_rock_paper_and_scissors_are_flagged() -> None:
    """The candidate beats its predecessor and loses to that one's ancestor."""
    assert cycles([games(1, 10, 40), games(5, 20, 30), games(20, 40, 10)]) == [Cycle(newer=1, older=20)]
    assert cycles([games(1, 10, 40), games(5, 40, 10), games(20, 45, 5)]) == [Cycle(1, 5), Cycle(1, 20)]


def test_progress_and_decline_are_no_circles() -> None:
    """Whoever beats all, or loses to all, or loses to the newer alone, closes none."""
    assert cycles([games(1, 20, 30), games(5, 15, 35), games(20, 5, 45)]) == []
    assert cycles([games(1, 45, 5), games(5, 45, 5), games(20, 45, 5)]) == []
    assert cycles([games(1, 45, 5), games(5, 25, 25), games(20, 5, 45)]) == []


def test_few_games_and_no_games_flag_nothing() -> None:
    """Six losses to an ancestor are chance."""
    assert cycles([games(1, 10, 40), games(20, 4, 2)]) == []
    assert cycles([games(1, 0, 0)]) == []
    assert cycles([]) == []


def test_repeats_are_no_evidence() -> None:
    """One lost game, played forty times, closes no circle."""
    repeated = PanelGames(20, Tally((40, 0, 10), (1, 0, 10)))
    assert cycles([games(1, 10, 40), repeated]) == []


def test_equals_are_hardly_ever_flagged() -> None:
    """Of 300 panels of equals at most 5 % are, though every game is looked at."""
    chance = random.Random(5)
    flagged = 0
    for _ in range(300):
        wins = [sum(chance.random() < 0.5 for _ in range(50)) for _ in VERSIONS_AGO]
        flagged += bool(
            cycles([games(ago, 50 - won, won) for ago, won in zip(VERSIONS_AGO.values(), wins, strict=True)])
        )
    assert flagged <= 15


def test_who_is_on_a_panel_is_counted_from_the_version_that_the_candidate_would_become() -> None:
    """The version that is met is that of one version ago; there is nobody from before the first."""
    assert versions_of(20) == {"previous_5": 16, "previous_20": 1}
    assert versions_of(19) == {"previous_5": 15}
    assert versions_of(5) == {"previous_5": 1}
    assert versions_of(4) == {}


def test_games_against_the_panel_end_when_something_is_established() -> None:
    """Better or worse than parity, whatever mode the gates have; nothing in all planned games is nothing."""
    policies = [GatePolicy(mode=mode) for mode in ("exact", "anytime", "evidence")]
    for histogram, planned, verdict in [
        ((0, 0, 8), 50, GateVerdict.UNDECIDED),
        ((0, 0, 20), 50, GateVerdict.PASSED),
        ((20, 0, 0), 50, GateVerdict.FAILED),
        ((25, 0, 25), 50, GateVerdict.INCONCLUSIVE),
    ]:
        counted = Tally(histogram, histogram)
        assert {judge(each, "previous_5", counted, planned, 2) for each in policies} == {verdict}
        assert flip_margin(policies[0], "previous_20", counted, planned, 2) is None


def test_a_panel_renames_no_older_policy_and_changes_no_verdict() -> None:
    """What was played without one is judged by a policy with one, and the other way round."""
    muted = GatePolicy(games=8, panel="muted")
    assert GatePolicy(games=8).id == GatePolicy(games=8, panel="off").id != muted.id
    assert muted.asks_the_same_as(GatePolicy(games=8))
    assert GatePolicy(games=8).asks_the_same_as(muted)
    assert not muted.asks_the_same_as(GatePolicy(previous_win_rate=0.4))
