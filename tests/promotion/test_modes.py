"""The judgement under each mode of the gate policy, and what it says in words."""

from __future__ import annotations

from typing import Any

import pytest

from services.promotion.controller import Decision, PromotionController
from services.promotion.settings import PromotionSettings
from shared.contract.evidence import OpponentEvidence
from shared.contract.policy import GatePolicy
from shared.contract.words import OPPONENTS, GateMode, OpponentName
from tests.promotion.conftest import against, evidence

DATABASE = "postgresql+asyncpg://u:p@127.0.0.1/db"


def decide(policy: GatePolicy, *opponents: OpponentEvidence) -> Decision:
    """The decision on games of hex8 for two players that were played under the policy in force."""
    found = evidence().model_copy(update={"gates": policy, "opponents": list(opponents)})
    return PromotionController(policy).decide("c" * 64, 2, found, None)


def games(opponent: OpponentName, wins: int, losses: int, planned: int, **other: Any) -> OpponentEvidence:
    """Games of which none repeats another."""
    played: dict[str, Any] = {"games": wins + losses, "wins": wins, "losses": losses, "distinct_games": wins + losses}
    scores = {"score_histogram": [losses, 0, wins], "effective_histogram": [losses, 0, wins]}
    facts = against(opponent, 50).model_dump()
    return OpponentEvidence.model_validate({**facts, "games_planned": planned, **played, **scores, **other})


def test_evidence_certifies() -> None:
    """Straight wins pass long before the cap, and the reason names the error rate."""
    decision = decide(GatePolicy(mode="evidence"), games("random", 28, 0, 400), games("heuristic", 12, 0, 400))
    assert decision.code == "gates_passed"
    assert decision.reasons[0] == (
        "random: 28 of 400 games played, win rate 100.0%, established above the required 85% at error rate 0.05 (flip margin 1)"
    )


def test_evidence_that_never_decides_is_inconclusive() -> None:
    """At the cap nothing more is to come: the candidate is refused, in words, and whoever was not met is not missed."""
    decision = decide(GatePolicy(mode="evidence"), games("random", 341, 59, 400), games("heuristic", 0, 0, 400))
    assert (decision.verdict, decision.code) == ("inconclusive", "games_inconclusive")
    [reason] = decision.reasons
    assert "establishes nothing about 85% at error rate 0.05 in all planned games" in reason


def test_evidence_that_breaks_off_is_inconclusive() -> None:
    """Games that end before anything is established, and before the cap, say so."""
    decision = decide(GatePolicy(mode="evidence"), games("random", 10, 2, 400))
    assert decision.verdict == "inconclusive"
    assert "and games are left" in decision.reasons[0]


def test_the_strict_modes_certify_what_is_bad_too() -> None:
    """Three losses in a row are established to be below 85 %."""
    for mode in ("anytime", "evidence"):
        policy = GatePolicy.model_validate({"mode": mode, "beta": 0.05})
        decision = decide(policy, games("random", 0, 4, policy.games_planned(2)))
        assert decision.verdict == "failed"
        assert "established below the required 85% at error rate 0.05" in decision.reasons[0]


@pytest.mark.parametrize(("wins", "losses", "words"), [(43, 7, "reaches the required"), (28, 0, "established above")])
def test_anytime_says_which_rule_decided(wins: int, losses: int, words: str) -> None:
    """The plan where the plan is decided, evidence where it came first."""
    decision = decide(GatePolicy(mode="anytime"), games("random", wins, losses, 50), games("heuristic", 43, 7, 50))
    assert decision.verdict == "passed"
    assert words in decision.reasons[0]


@pytest.mark.parametrize("mode", ["anytime", "evidence"])
def test_evidence_without_its_repeats_is_invalid(mode: GateMode) -> None:
    """Nothing is filled in: without the games that repeat others, what they establish cannot be judged."""
    policy = GatePolicy(mode=mode)
    planned = policy.games_planned(2)
    decision = decide(policy, games("random", 28, 0, planned, effective_histogram=None))
    assert (decision.verdict, decision.code) == ("invalid", "evidence_invalid")
    assert "which games are repeats" in decision.reasons[0]


def test_repeats_do_not_certify() -> None:
    """One won game, repeated 27 times, passes no gate that asks for evidence, and every gate that asks for the plan."""
    repeated = games("random", 28, 0, 400, effective_histogram=[0, 0, 1])
    assert decide(GatePolicy(mode="evidence"), repeated).verdict == "inconclusive"
    planned = [games(name, 50, 0, 50, effective_histogram=[0, 0, 1]) for name in OPPONENTS[:2]]
    assert decide(GatePolicy(), *planned).verdict == "passed"


def test_evidence_of_another_mode_is_evaluated_again() -> None:
    """What passed by the plan was asked another question than what is to be certified."""
    decision = PromotionController(GatePolicy(mode="evidence")).decide("c" * 64, 2, evidence(wins=43), None)
    assert decision.code == "evaluated_again"


def test_the_environment_chooses_the_mode() -> None:
    """The promotion service's settings make the policy."""
    chosen: dict[str, Any] = {"gate_mode": "evidence", "gate_alpha": 0.01, "gate_beta": 0.1, "gate_cap": 300}
    policy = PromotionSettings(database_url=DATABASE, **chosen).policy()
    assert (policy.mode, policy.alpha, policy.beta, policy.cap) == ("evidence", 0.01, 0.1, 300)
    assert PromotionSettings(database_url=DATABASE).policy().id == GatePolicy().id
