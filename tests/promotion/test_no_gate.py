"""Gates that are off, and games whose outcome is known: what the judgement makes of opponents that were not met."""

import pytest

from shared.contract.evidence import CanonicalReference
from shared.contract.policy import GatePolicy
from shared.contract.words import GATES, OpponentName
from tests.promotion.conftest import against, evidence
from tests.promotion.test_controller import CANDIDATE, ONE, decide, of


def test_f24_a_model_that_is_canonical_already_plays_no_games() -> None:
    """The same bytes are not a new version, and nothing has to be played to know that."""
    canonical = CanonicalReference(version=3, digest=CANDIDATE)
    skipped = of().model_copy(update={"skipped": True})
    decision = decide(skipped, canonical, may_skip=True)
    reason = "no games were played: this model is the canonical version"
    assert (decision.verdict, decision.code, decision.reasons) == ("failed", "already_canonical", (reason,))


@pytest.mark.parametrize("wins", [0, 43])
def test_f24_games_of_the_canonical_model_have_their_verdict(wins: int) -> None:
    """Where they were played, what they say is told: it met everybody but itself, or the version of that time."""
    canonical = CanonicalReference(version=3, digest=CANDIDATE)
    for met in (None, ONE):
        decision = decide(evidence(met, wins), canonical)
        assert decision.verdict == ("passed" if wins else "failed")
    met_itself = decide(evidence(None, 43), canonical).reasons[-1]
    assert met_itself == "previous: skipped, this model is the canonical version"


@pytest.mark.parametrize("opponent", GATES)
def test_f22_a_threshold_of_0_is_no_gate(opponent: OpponentName) -> None:
    """Without games against that opponent a candidate passes, and the reasons say why there are none."""
    policy = GatePolicy.model_validate({f"{opponent}_win_rate": 0.0})
    games = [against(each, 43) for each in GATES if each != opponent]
    decision = decide(of(*games, previous=ONE), ONE, policy)
    assert decision.verdict == "passed"
    assert decision.reasons[-1] == f"{opponent}: skipped, its threshold is 0, which is no gate"


def test_f22_without_any_gate_a_model_that_loads_passes() -> None:
    """Each opponent is named with why it was not met."""
    policy = GatePolicy(random_win_rate=0, heuristic_win_rate=0, previous_win_rate=0)
    decision = decide(of(previous=ONE), ONE, policy)
    assert (decision.verdict, len(decision.reasons)) == ("passed", 3)
