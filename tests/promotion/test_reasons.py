"""What the judgement says to people: whole sentences with what was found and what would be right."""

import pytest

from services.promotion.controller import PromotionController
from services.promotion.disposition import Circumstances, PromotionRules, dispose
from services.promotion.promotion_request import PromotionRequest
from shared.contract.evidence import CanonicalReference, Evidence, PanelEvidence
from shared.contract.policy import GatePolicy
from shared.contract.words import OpponentName, PanelMode
from tests.promotion.conftest import against, evidence
from tests.promotion.test_controller import CANDIDATE, HEURISTIC, ONE, TWO, changed, decide, of
from tests.promotion.test_disposition import DRY, ENDED, OPEN, PASSED

PLAYED = "random: 50 of 50 games played, win rate 86.0%, reaches the required 85% (flip margin 1)"


@pytest.mark.parametrize(
    ("found", "canonical", "reason"),
    [
        (evidence(), None, PLAYED),
        (
            of(against("random", 42), HEURISTIC),
            None,
            "random: 50 of 50 games played, win rate 84.0%, can no longer reach the required 85% (flip margin 1)",
        ),
        (
            of(against("random", 20, games=20), HEURISTIC),
            None,
            "random: 20 of 50 games played, win rate 100.0%, neither reaches 85% of all planned games nor rules it out "
            "(flip margin 8)",
        ),
        (
            evidence(ONE),
            None,
            "the candidate was played against canonical version 1, and now there is none; it is evaluated again",
        ),
        (
            evidence(),
            TWO,
            "the candidate was played against no canonical version, and now canonical is version 2; it is evaluated again",
        ),
        (
            of().model_copy(update={"skipped": True}),
            None,
            "no games were played, and nobody asked for that",
        ),
        (
            of(changed(losses=4, truncated=1, errored=2, score_histogram=[4, 0, 43])),
            None,
            "random: 1 truncated and 2 errored of 50 games",
        ),
        (
            of(changed(score_histogram=[7, 0, 0, 0, 0, 43])),
            None,
            "random: the score histogram has 6 entries; 2 players need 3",
        ),
        (
            of(changed(score_histogram=[43, 0, 7])),
            None,
            "random: the score histogram contradicts the wins, draws and losses",
        ),
    ],
)
def test_reasons_are_whole_sentences(found: Evidence, canonical: CanonicalReference | None, reason: str) -> None:
    """What an operator reads says what was found and what would be right."""
    assert decide(found, canonical).reasons[0] == reason


def test_a_model_that_merely_loads_is_told_as_that() -> None:
    """Nobody takes a skipped evaluation for a played one."""
    skipped = of().model_copy(update={"skipped": True})
    assert decide(skipped, may_skip=True).reasons == ("the games were skipped as asked; the model loads",)


def test_games_without_any_score_win_nothing() -> None:
    """Where a policy lets every game be cut short, a candidate without a score has a rate of 0 % and fails."""
    policy = GatePolicy(unscored_share=1.0)
    nothing = changed(wins=0, losses=0, truncated=50, score_histogram=[0, 0, 0])
    decision = decide(of(nothing, HEURISTIC), policy=policy)
    assert decision.verdict == "failed"
    assert "win rate 0.0%" in decision.reasons[0]


@pytest.mark.parametrize(
    ("request_made", "auto_promote", "lacking", "reason"),
    [
        (DRY, True, 0, "the request was a dry run"),
        (ENDED, True, 0, f"request {OPEN.id} had ended before: promoted"),
        (None, False, 0, "RINGRIFT_AUTO_PROMOTE is off; approve this candidate"),
        (OPEN, True, 5, "the artifact store lacks its 5 bytes; announce it again"),
    ],
)
def test_whoever_passed_and_is_not_promoted_is_told_why(
    request_made: PromotionRequest | None, auto_promote: bool, lacking: int, reason: str
) -> None:
    """The disposition's own reason stands before those of the games."""
    circumstances = Circumstances(rules=PromotionRules(auto_promote=auto_promote), lacking=lacking)
    reasons = dispose(PASSED, request_made, circumstances).reasons
    assert reasons == (f"passed, and not promoted because {reason}", *PASSED.reasons)


def test_a_game_without_a_heuristic_player_is_judged_without_one() -> None:
    """The other gates have to be passed all the same, and the reasons say who was not met."""
    found = of(against("random", 43))
    decision = PromotionController(GatePolicy()).decide(CANDIDATE, 2, found, None, heuristic=False)
    assert decision.verdict == "passed"
    assert "heuristic: skipped, the game has no heuristic player" in decision.reasons
    lost = of(against("random", 10))
    assert PromotionController(GatePolicy()).decide(CANDIDATE, 2, lost, None, heuristic=False).verdict == "failed"
    assert decide(found).verdict == "invalid"


def member(opponent: OpponentName, wins: int, version: int, silenced: str | None = None) -> PanelEvidence:
    """Games against a version of the past."""
    canonical = CanonicalReference(version=version, digest="a" * 64)
    return PanelEvidence(opponent=opponent, canonical=canonical, silenced=silenced, games=against(opponent, wins))


def test_a_panel_adds_its_reasons_and_changes_no_verdict() -> None:
    """Who was met, what the games establish, and the circle; the verdict is that without them."""
    met = evidence(TWO)
    panel = [member("previous_5", 4, 2, "it is gone"), member("previous_20", 25, 1)]
    found = met.model_copy(update={"panel": panel})
    without, decision = decide(met, TWO), decide(found, TWO)
    assert (decision.verdict, decision.code) == (without.verdict, without.code) == ("passed", "gates_passed")
    assert decision.reasons == (
        *without.reasons,
        "panel, muted: canonical version 2, 5 versions ago: 50 games, win rate 8.0%, established to be worse; its games ended "
        "early: it is gone",
        "panel, muted: canonical version 1, 20 versions ago: 50 games, win rate 50.0%, nothing is established",
        "a circle, which changes no verdict: the candidate beats the canonical version that it met and loses to the one of 5 "
        "versions ago",
    )


def test_a_panel_of_another_policy_is_judged_alike() -> None:
    """Evidence made before the panel was switched on is not stale, nor that from after it was switched off."""
    modes: list[tuple[PanelMode, PanelMode]] = [("off", "muted"), ("muted", "off")]
    for played, in_force in modes:
        gates = GatePolicy(panel=played)
        found = evidence().model_copy(update={"gates": gates, "policy_id": gates.id})
        assert PromotionController(GatePolicy(panel=in_force)).decide(CANDIDATE, 2, found, None).verdict == "passed"
