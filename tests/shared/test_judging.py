"""The judgement of a gate by its mode, and how far a verdict is from another."""

from collections.abc import Iterator
from itertools import product
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contract.flip_margin import flip_margin
from shared.contract.gate import exact_gate
from shared.contract.judging import Tally, judge
from shared.contract.policy import GatePolicy
from shared.contract.words import GateMode, GateVerdict

EVIDENCE, ANYTIME = GatePolicy(mode="evidence"), GatePolicy(mode="anytime")


def tally(losses: int, wins: int, unscored: int = 0) -> Tally:
    """Games of two players of which none repeats another."""
    return Tally((losses, 0, wins), (losses, 0, wins), unscored)


def against_random(policy: GatePolicy, games: Tally) -> GateVerdict:
    """The verdict of games against Random, of which 85 % are to be won."""
    return judge(policy, "random", games, policy.games_planned(2), 2)


def test_a_policy_that_uses_no_mode_keeps_its_name() -> None:
    """The name is of what differs from the runbook's policy, and the runbook knows the exact rule alone."""
    assert GatePolicy(mode="exact", alpha=0.05, beta=0.05, cap=400).id == GatePolicy().id == "44136fa355b3678a"
    changed = [GatePolicy(mode="anytime"), GatePolicy(alpha=0.01), GatePolicy(beta=0.01), GatePolicy(cap=100)]
    assert len({each.id for each in changed}) == 4
    assert not any(each.asks_the_same_as(GatePolicy()) for each in changed)


def test_evidence_is_played_up_to_the_cap() -> None:
    """The planned games are the cap, in whole blocks, whatever number of games was asked for."""
    assert GatePolicy(mode="evidence", games=20, cap=100).games_planned(3) == 102
    assert GatePolicy(mode="anytime", games=20, cap=100).games_planned(3) == 21


def test_the_exact_rule_knows_no_evidence() -> None:
    """27 straight wins leave the plan of 50 games open."""
    assert against_random(GatePolicy(), tally(0, 27)) is GateVerdict.UNDECIDED
    assert against_random(GatePolicy(), tally(0, 43)) is GateVerdict.PASSED
    assert against_random(GatePolicy(), tally(8, 0)) is GateVerdict.FAILED


@pytest.mark.parametrize("policy", [ANYTIME, EVIDENCE])
def test_evidence_ends_the_games_sooner(policy: GatePolicy) -> None:
    """Above 85 % is established by 27 straight wins, below it by three losses."""
    assert against_random(policy, tally(0, 26)) is GateVerdict.UNDECIDED
    assert against_random(policy, tally(0, 27)) is GateVerdict.PASSED
    assert against_random(policy, tally(2, 0)) is GateVerdict.UNDECIDED
    assert against_random(policy, tally(3, 0)) is GateVerdict.FAILED


def test_reaching_the_rate_is_no_evidence_of_it() -> None:
    """43 of 50 pass the plan, and establish nothing: the test alone goes on, up to its cap."""
    assert against_random(ANYTIME, tally(7, 43)) is GateVerdict.PASSED
    assert against_random(EVIDENCE, tally(7, 43)) is GateVerdict.UNDECIDED
    assert against_random(EVIDENCE, tally(59, 341)) is GateVerdict.INCONCLUSIVE
    assert against_random(EVIDENCE.model_copy(update={"cap": 50}), tally(7, 43)) is GateVerdict.INCONCLUSIVE


def test_repeats_are_games_of_the_plan_and_no_evidence() -> None:
    """One won game, played 43 times, passes the exact gate and establishes nothing."""
    repeated = Tally((0, 0, 43), (0, 0, 1))
    assert against_random(GatePolicy(), repeated) is GateVerdict.PASSED
    assert against_random(EVIDENCE, repeated) is GateVerdict.UNDECIDED


def test_a_game_without_a_score_never_helps() -> None:
    """It keeps good play from being established like a lost game, and establishes no bad play."""
    assert against_random(EVIDENCE, tally(0, 27, unscored=1)) is against_random(EVIDENCE, tally(1, 27))
    assert against_random(EVIDENCE, tally(0, 27, unscored=1)) is GateVerdict.UNDECIDED
    assert against_random(EVIDENCE, tally(0, 0, unscored=3)) is GateVerdict.UNDECIDED


def test_a_threshold_of_nothing_is_passed() -> None:
    """A gate that is switched off needs no game, in any mode."""
    for mode in get_args(GateMode):
        assert against_random(GatePolicy(mode=mode, random_win_rate=0), tally(0, 0)) is GateVerdict.PASSED


@given(st.lists(st.booleans(), min_size=50, max_size=50), st.sampled_from([0.5, 0.6, 0.85]))
def test_what_the_plan_has_decided_stands_in_mode_anytime(won: list[bool], threshold: float) -> None:
    """Evidence may end the games sooner, and never turns the verdict of the plan."""
    policy = ANYTIME.model_copy(update={"random_win_rate": threshold})
    for games in range(0, 51, 2):
        wins = sum(won[:games])
        exact = exact_gate(2 * wins, games, 50, 2, threshold)
        if exact is not GateVerdict.UNDECIDED:
            assert against_random(policy, tally(games - wins, wins)) is exact


def policies(planned: int) -> st.SearchStrategy[GatePolicy]:
    """Policies of every mode with so many games, and error rates that few games can reach."""
    return st.builds(
        GatePolicy,
        mode=st.sampled_from(get_args(GateMode)),
        random_win_rate=st.sampled_from([0.0, 0.3, 0.5, 0.6, 0.85, 1.0]),
        games=st.just(planned),
        cap=st.just(planned),
        alpha=st.sampled_from([0.05, 0.3, 0.5]),
        beta=st.sampled_from([0.05, 0.3, 0.5]),
    )


def changes(scores: list[int], top: int) -> Iterator[tuple[int, list[int]]]:
    """Every other way in which the games could have ended, with the number of games that differ."""
    for other in product(range(top + 1), repeat=len(scores)):
        yield sum(one != two for one, two in zip(scores, other, strict=True)), list(other)


def counted(scores: list[int], repeats: list[bool], unscored: int, top: int) -> Tally:
    """The tally of games of which some repeat others."""
    once = [score for score, again in zip(scores, repeats, strict=True) if not again]
    histogram, effective = (tuple(kept.count(score) for score in range(top + 1)) for kept in (scores, once))
    return Tally(histogram, effective, unscored)


@settings(deadline=None)
@given(policies(8), st.lists(st.tuples(st.integers(0, 2), st.booleans()), max_size=5), st.integers(0, 2))
def test_the_flip_margin_is_that_of_every_possible_change(
    policy: GatePolicy, games: list[tuple[int, bool]], unscored: int
) -> None:
    """No smaller number of games with other scores gives another verdict, and that number does, in every mode."""
    scores, repeats = [score for score, _ in games], [again for _, again in games]
    verdict = judge(policy, "random", counted(scores, repeats, unscored, 2), 8, 2)
    found = [
        differing
        for differing, other in changes(scores, 2)
        if judge(policy, "random", counted(other, repeats, unscored, 2), 8, 2) is not verdict
    ]
    assert flip_margin(policy, "random", counted(scores, repeats, unscored, 2), 8, 2) == min(found, default=None)


@settings(deadline=None, max_examples=30)
@given(policies(6), st.lists(st.tuples(st.integers(0, 4), st.booleans()), max_size=3))
def test_the_flip_margin_holds_with_shared_ranks(policy: GatePolicy, games: list[tuple[int, bool]]) -> None:
    """The same with three players, whose games score quarters."""
    scores, repeats = [score for score, _ in games], [again for _, again in games]
    verdict = judge(policy, "random", counted(scores, repeats, 0, 4), 6, 3)
    found = [
        differing
        for differing, other in changes(scores, 4)
        if judge(policy, "random", counted(other, repeats, 0, 4), 6, 3) is not verdict
    ]
    assert flip_margin(policy, "random", counted(scores, repeats, 0, 4), 6, 3) == min(found, default=None)
