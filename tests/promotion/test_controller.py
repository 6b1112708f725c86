"""The judgement alone: evidence in, a verdict and its reasons out."""

from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.promotion.controller import Decision, PromotionController
from shared.contract.evidence import CanonicalReference, Evidence, OpponentEvidence
from shared.contract.gate import units_needed
from shared.contract.policy import GatePolicy
from shared.contract.words import OPPONENTS, OpponentName, Verdict
from tests.promotion.conftest import against, evidence

CANDIDATE, FIRST, SECOND = "c" * 64, "1" * 64, "2" * 64
ONE = CanonicalReference(version=1, digest=FIRST)
TWO = CanonicalReference(version=2, digest=SECOND)


def decide(
    found: Evidence, canonical: CanonicalReference | None = None, policy: GatePolicy | None = None, **options: Any
) -> Decision:
    """The decision on a candidate of hex8 for two players, played under the policy that is in force."""
    played = found if policy is None else found.model_copy(update={"gates": policy})
    return PromotionController(policy or GatePolicy(), **options).decide(CANDIDATE, 2, played, canonical)


def of(*opponents: OpponentEvidence, previous: CanonicalReference | None = None) -> Evidence:
    """An evaluation of exactly these games."""
    return evidence(previous).model_copy(update={"opponents": list(opponents)})


def changed(opponent: OpponentName = "random", **counts: Any) -> OpponentEvidence:
    """43 of 50 won, but for `counts`."""
    return OpponentEvidence.model_validate({**against(opponent, 43).model_dump(), **counts})


HEURISTIC = against("heuristic", 43)
TABLE: list[tuple[str, Evidence, CanonicalReference | None, Verdict, str]] = [
    ("all gates", evidence(wins=43), None, "passed", "previous: skipped, there is no canonical version yet"),
    ("all gates, with a previous", evidence(ONE), ONE, "passed", "previous: 50 of 50 games played, win rate 86.0%"),
    ("random missed by one game", evidence(wins=42), None, "failed", "random: 50 of 50 games played, win rate 84.0%"),
    ("heuristic missed", of(against("random", 43), against("heuristic", 29)), None, "failed", "heuristic"),
    (
        "previous missed",
        of(against("random", 43), HEURISTIC, against("previous", 24), previous=ONE),
        ONE,
        "failed",
        "previous: 50 of 50 games played, win rate 48.0%",
    ),
    ("a lost cause needs no more games", of(against("random", 0, games=8)), None, "failed", "can no longer reach"),
    ("too few games", of(against("random", 20, games=20), HEURISTIC), None, "inconclusive", "neither reaches"),
    (
        "canonical moved",
        evidence(ONE),
        TWO,
        "stale",
        "played against canonical version 1, and now canonical is version 2",
    ),
    ("a first canonical came", evidence(), ONE, "stale", "played against no canonical version"),
    (
        "same version, other bytes",
        evidence(ONE),
        CanonicalReference(version=1, digest=SECOND),
        "stale",
        "evaluated again",
    ),
    ("no games at all", of(), None, "invalid", "random: no games were played"),
    ("no games against one", of(against("random", 43), against("heuristic", 0, games=0)), None, "invalid", "heuristic"),
    ("previous not met", of(against("random", 43), HEURISTIC, previous=ONE), ONE, "invalid", "previous: no games"),
    (
        "fewer games planned",
        of(changed(games_planned=20, games=20, wins=20, losses=0, score_histogram=[0, 0, 20]), HEURISTIC),
        None,
        "invalid",
        "20 games were planned, and the policy asks for 50",
    ),
    ("errored games", of(changed(losses=5, errored=2, score_histogram=[5, 0, 43])), None, "invalid", "2 errored"),
    ("wins without scores", of(changed(score_histogram=[43, 0, 7]), HEURISTIC), None, "invalid", "contradicts"),
    ("another game's scores", of(changed(score_histogram=[7, 0, 0, 0, 0, 43])), None, "invalid", "6 entries"),
    ("games nobody asked to skip", evidence().model_copy(update={"skipped": True}), None, "invalid", "nobody asked"),
]


@pytest.mark.parametrize(
    ("found", "canonical", "verdict", "words"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_g05_the_verdict_follows_from_the_evidence(
    found: Evidence, canonical: CanonicalReference | None, verdict: Verdict, words: str
) -> None:
    """Every kind of evidence has its verdict, and the reason says why in words."""
    decision = decide(found, canonical)
    assert decision.verdict == verdict
    assert words in "; ".join(decision.reasons)


def test_g05_skipped_games_pass_only_where_skipping_was_asked_for() -> None:
    """Without games a model passes only when an operator said so."""
    skipped = of().model_copy(update={"skipped": True})
    assert decide(skipped).verdict == "invalid"
    assert decide(skipped, may_skip=True).verdict == "passed"
    assert decide(of(), may_skip=True).verdict == "invalid"


def test_g05_thresholds_are_exact_decimals() -> None:
    """0.55 of 20 games is 11 wins, though the binary number nearest to 0.55 is a little more than 0.55."""
    assert Fraction(0.55) * 20 > 11
    policy = GatePolicy(random_win_rate=0.55, heuristic_win_rate=0.55, games=20)

    def verdict(wins: int) -> Verdict:
        opponents: tuple[OpponentName, ...] = ("random", "heuristic")
        games = [
            changed(each, games_planned=20, games=20, wins=wins, losses=20 - wins, score_histogram=[20 - wins, 0, wins])
            for each in opponents
        ]
        return decide(of(*games), policy=policy).verdict

    assert (verdict(11), verdict(10)) == ("passed", "failed")


@given(st.floats(0, 1), st.integers(0, 50), st.integers(1, 50))
def test_g05_more_wins_never_make_it_worse(threshold: float, wins: int, games: int) -> None:
    """The verdict is monotone in wins, whatever the threshold and however many games were played."""
    order: list[Verdict] = ["failed", "inconclusive", "passed"]
    policy = GatePolicy(random_win_rate=threshold, heuristic_win_rate=0)

    def rank(won: int) -> int:
        return order.index(decide(of(against("random", won, games), HEURISTIC), policy=policy).verdict)

    ranks = [rank(won) for won in sorted({0, min(wins, games), min(wins + 1, games), games})]
    assert all(fewer <= more for fewer, more in pairwise(ranks))


@given(st.floats(0, 1), st.integers(0, 50))
def test_g05_all_games_give_the_plain_verdict(threshold: float, wins: int) -> None:
    """When every planned game was played, a model passes exactly if its wins reach the threshold."""
    policy = GatePolicy(random_win_rate=threshold, heuristic_win_rate=0)
    passed = decide(of(against("random", wins), HEURISTIC), policy=policy).verdict == "passed"
    assert passed == (2 * wins >= units_needed(threshold, 50, 2))


@given(
    st.permutations(["random", "heuristic", "previous"]).flatmap(lambda names: st.sampled_from([names[:1], names[:2]])),
    st.integers(0, 50),
)
def test_g05_missing_evidence_is_never_a_pass(met: list[OpponentName], wins: int) -> None:
    """An opponent that was not met leaves no way to pass."""
    decision = decide(of(*(against(each, wins) for each in met), previous=ONE), ONE)
    assert decision.verdict in ("invalid", "failed")


@given(st.integers(2, 4), st.data())
def test_g05_parity_means_the_same_for_every_number_of_players(num_players: int, data: st.DataObject) -> None:
    """A candidate that outranks every opponent in every game passes with any number of players; one that outranks none fails."""
    planned = GatePolicy().games_planned(num_players)
    winner = data.draw(st.booleans())
    histogram = [0] * (2 * (num_players - 1) + 1)
    histogram[-1 if winner else 0] = planned
    counts = {"games_planned": planned, "games": planned, "wins": planned * winner, "losses": planned * (not winner)}
    names: tuple[OpponentName, ...] = ("random", "heuristic")
    games = [changed(each, **counts, score_histogram=histogram) for each in names]
    decision = PromotionController(GatePolicy()).decide(CANDIDATE, num_players, of(*games), None)
    assert decision.verdict == ("passed" if winner else "failed")


@pytest.mark.parametrize("changed", [{"random_win_rate": 0.8}, {"unscored_share": 0.5}, {"skip_games": True}])
def test_f25_evidence_of_another_policy_is_stale(changed: dict[str, Any]) -> None:
    """What was played under a policy that asks for something else is evaluated again, never inconclusive, and both are named."""
    other = GatePolicy(**changed)
    decision = PromotionController(GatePolicy()).decide(
        CANDIDATE, 2, evidence(wins=41).model_copy(update={"gates": other}), None
    )
    assert (decision.verdict, decision.code) == ("stale", "evaluated_again")
    assert decision.reasons == (
        f"the candidate was played under policy {other.id}, and {GatePolicy().id} is in force now; it is evaluated again",
    )


def test_f25_skipped_games_of_another_policy_are_stale() -> None:
    """A model that was let through without games is evaluated again once games are asked for, unless it may still skip them."""
    skipped = of().model_copy(update={"skipped": True, "gates": GatePolicy(skip_games=True)})
    assert PromotionController(GatePolicy()).decide(CANDIDATE, 2, skipped, ONE).code == "evaluated_again"
    forced = PromotionController(GatePolicy(), may_skip=True).decide(CANDIDATE, 2, skipped, ONE)
    assert (forced.verdict, forced.code) == ("passed", "games_skipped")


def test_f25_every_reason_to_evaluate_again_is_told() -> None:
    """That the pointer moved and that the policy changed, also where no games were played."""
    other = GatePolicy(random_win_rate=0.8)
    moved = evidence(ONE).model_copy(update={"gates": other})
    reasons = PromotionController(GatePolicy()).decide(CANDIDATE, 2, moved, TWO).reasons
    assert [word in reason for word, reason in zip(("version 2", other.id), reasons, strict=True)] == [True, True]
    skipped = moved.model_copy(update={"skipped": True})
    assert len(PromotionController(GatePolicy()).decide(CANDIDATE, 2, skipped, TWO).reasons) == 2


def test_f25_more_games_than_the_policy_asks_for_are_judged() -> None:
    """The thresholds are the same, and they hold for all the games that were planned."""
    games = [
        changed(each, games_planned=60, games=60, wins=51, losses=9, score_histogram=[9, 0, 51])
        for each in OPPONENTS[:2]
    ]
    found = of(*games).model_copy(update={"gates": GatePolicy(games=60)})
    assert PromotionController(GatePolicy()).decide(CANDIDATE, 2, found, None).verdict == "passed"


@pytest.mark.parametrize(
    ("found", "canonical", "code"),
    [
        (evidence(), None, "gates_passed"),
        (evidence(wins=0), None, "gates_failed"),
        (of(against("random", 20, games=20), HEURISTIC), None, "games_inconclusive"),
        (evidence(ONE), TWO, "evaluated_again"),
        (of(), None, "evidence_invalid"),
        (
            of().model_copy(update={"skipped": True}),
            CanonicalReference(version=1, digest=CANDIDATE),
            "already_canonical",
        ),
    ],
)
def test_every_verdict_has_a_code(found: Evidence, canonical: CanonicalReference | None, code: str) -> None:
    """Programs go by it, people by the reasons."""
    assert decide(found, canonical).code == code


def test_a_few_unscored_games_are_allowed() -> None:
    """Up to the policy's share of the planned games, and not one more."""
    one = changed(wins=44, losses=5, truncated=1, score_histogram=[5, 0, 44])
    two = changed(wins=44, losses=4, truncated=1, errored=1, score_histogram=[4, 0, 44])
    assert decide(of(one, HEURISTIC)).verdict == "passed"
    assert decide(of(two, HEURISTIC)).verdict == "invalid"


@pytest.mark.parametrize(
    ("counts", "contradicts"),
    [
        ({"wins": 43, "draws": 1, "losses": 6, "score_histogram": [6, 1, 43]}, False),
        ({"wins": 43, "draws": 1, "losses": 6, "score_histogram": [7, 0, 43]}, True),
        ({"wins": 43, "draws": 1, "losses": 6, "score_histogram": [5, 2, 43]}, True),
        ({"wins": 43, "draws": 1, "losses": 6, "score_histogram": [6, 0, 44]}, True),
        ({"wins": 43, "draws": 1, "losses": 6, "score_histogram": [6, 2, 42]}, True),
    ],
)
def test_g05_scores_and_outcomes_must_agree(counts: dict[str, Any], contradicts: bool) -> None:
    """With two players each loss scores nothing and each win everything, and there is no other way to either."""
    decision = decide(of(changed(**counts), HEURISTIC))
    assert (decision.verdict == "invalid") == contradicts
    assert ("contradicts" in decision.reasons[0]) == contradicts


def test_g05_with_more_players_a_loss_may_outrank_somebody() -> None:
    """Only a game in which it outranked nobody must have been lost."""
    planned = {"games_planned": 52, "games": 52, "wins": 45, "losses": 7}
    names: tuple[OpponentName, ...] = ("random", "heuristic")

    def verdict(*histogram: int) -> Verdict:
        games = [changed(each, **planned, score_histogram=list(histogram)) for each in names]
        return PromotionController(GatePolicy()).decide(CANDIDATE, 4, of(*games), None).verdict

    assert verdict(0, 0, 0, 0, 7, 0, 45) == "passed"
    assert verdict(7, 0, 0, 0, 0, 0, 45) == "passed"
    assert verdict(8, 0, 0, 0, 0, 0, 44) == "invalid"
    assert verdict(7, 0, 0, 0, 45) == "invalid"
    assert verdict(7, 0, 0, 0, 0, 0, 0, 0, 45) == "invalid"


def test_the_previous_model_is_said_to_be_skipped_only_where_it_was() -> None:
    """Not after a failed gate, and not where there is one."""
    skipped = "previous: skipped, there is no canonical version yet"
    assert decide(evidence()).reasons[-1] == skipped
    assert skipped not in decide(evidence(wins=0)).reasons
    assert skipped not in decide(evidence(ONE), ONE.model_copy()).reasons
    assert decide(evidence(ONE), ONE.model_copy()).verdict == "passed"
    assert len(decide(of(against("random", 43), against("heuristic", 0))).reasons) == 2


def test_other_bytes_are_another_model() -> None:
    """Whatever their digest is beside the candidate's."""
    for digest in ("0" * 64, "f" * 64):
        canonical = CanonicalReference(version=1, digest=digest)
        assert decide(evidence(canonical), canonical).verdict == "passed"


def test_a_rate_of_nothing_is_told_as_none() -> None:
    """A candidate that won no game has a rate of 0.0 %."""
    assert "win rate 0.0%" in decide(of(against("random", 0), HEURISTIC)).reasons[0]
