"""The judgement: evidence and policy in, a decision out.

Pure: no clock, no database, no event. Whatever the evidence lacks makes it `invalid`; nothing is ever filled in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from services.promotion.panel_reasons import on_the_panel
from shared.contract.evidence import CanonicalReference, Evidence, OpponentEvidence, opponents_to_meet
from shared.contract.flip_margin import flip_margin
from shared.contract.gate import units_per_game
from shared.contract.judging import judge_by_schedule
from shared.contract.policy import GatePolicy
from shared.contract.words import GATES, DispositionCode, GateVerdict, OpponentName, Verdict

CODES: dict[Verdict, DispositionCode] = {
    "passed": "gates_passed",
    "failed": "gates_failed",
    "inconclusive": "games_inconclusive",
    "stale": "evaluated_again",
    "invalid": "evidence_invalid",
}
"""What a verdict of the games leads to, where nothing else stands in the way."""
_VERDICTS: dict[GateVerdict, Verdict] = {
    GateVerdict.PASSED: "passed",
    GateVerdict.FAILED: "failed",
    GateVerdict.UNDECIDED: "inconclusive",
    GateVerdict.INCONCLUSIVE: "inconclusive",
}
_BY_SCHEDULE = {
    GateVerdict.PASSED: "reaches the required {}",
    GateVerdict.FAILED: "can no longer reach the required {}",
    GateVerdict.UNDECIDED: "neither reaches {} of all planned games nor rules it out",
}
_BY_EVIDENCE = {
    GateVerdict.PASSED: "established above the required {} at error rate {}",
    GateVerdict.FAILED: "established below the required {} at error rate {}",
    GateVerdict.UNDECIDED: "establishes nothing about {} at error rate {}, and games are left",
    GateVerdict.INCONCLUSIVE: "establishes nothing about {} at error rate {} in all planned games",
}
ABSENT: Mapping[OpponentName, str] = {
    "heuristic": "the game has no heuristic player",
    "previous": "there is no canonical version yet",
}
"""Why an opponent is not met though there is a gate."""
NO_GATE = "its threshold is 0, which is no gate"
ITSELF = "this model is the canonical version"


@dataclass(frozen=True)
class Decision:
    """A verdict, its code for programs, and the reasons for it, in words for people."""

    verdict: Verdict
    code: DispositionCode
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class PromotionController:
    """Judges evaluations under one policy. `may_skip`: a model that merely loads may pass (forced, or games switched off)."""

    policy: GatePolicy
    may_skip: bool = False

    def decide(
        self,
        digest: str,
        num_players: int,
        evidence: Evidence,
        canonical: CanonicalReference | None,
        *,
        heuristic: bool = True,
        same_weights: bool = False,
    ) -> Decision:
        """Judge a candidate against the canonical version of this moment (None: there is none yet). `heuristic`: whether the game
        has that opponent; `same_weights`: whether the two are known to be one model, though their bytes differ."""
        is_itself = canonical is not None and (same_weights or canonical.digest == digest)
        if is_itself and evidence.skipped:
            return Decision("failed", "already_canonical", (f"no games were played: {ITSELF}",))
        if evidence.skipped and self.may_skip:
            return Decision("passed", "games_skipped", ("the games were skipped as asked; the model loads",))
        # what became canonical after it was played is judged by whom it met: nothing follows from that any more
        met = evidence.previous if is_itself else canonical
        outdated = self._outdated(evidence, met)
        if outdated:
            return _decision("stale", *outdated)
        if evidence.skipped:
            return _decision("invalid", "no games were played, and nobody asked for that")
        needed = opponents_to_meet(self.policy, met, heuristic=heuristic)
        decision = self._judge_gates(num_players, evidence, needed)
        if decision.verdict != "passed":
            return decision
        absent = (self._absence(name, is_itself=is_itself) for name in GATES if name not in needed)
        return Decision("passed", decision.code, (*decision.reasons, *absent))

    def _outdated(self, evidence: Evidence, canonical: CanonicalReference | None) -> list[str]:
        """Why the evidence answers a question that nobody asks any more; empty if it answers the present one."""
        reasons: list[str] = []
        if evidence.previous != canonical:
            reasons.append(_moved(evidence.previous, canonical))
        if not self.policy.asks_the_same_as(evidence.gates):
            reasons.append(_policy_changed(evidence.gates, self.policy))
        return reasons

    def _judge_gates(self, num_players: int, evidence: Evidence, needed: Sequence[OpponentName]) -> Decision:
        reasons: list[str] = []
        verdicts: list[Verdict] = []
        for opponent in needed:
            games = evidence.of(opponent)
            verdict, reason = self._judge(opponent, games, num_players)
            verdicts.append(verdict)
            reasons.append(reason)
            if verdict in ("failed", "inconclusive"):
                break
        verdict = _worst(verdicts)
        if verdict == "passed":
            reasons += on_the_panel(evidence, num_players)
        return _decision(verdict, *reasons)

    def _absence(self, opponent: OpponentName, *, is_itself: bool) -> str:
        """Why an opponent was not met."""
        if not self.policy.has_gate(opponent):
            return f"{opponent}: skipped, {NO_GATE}"
        return f"{opponent}: skipped, {ITSELF if is_itself and opponent == 'previous' else ABSENT[opponent]}"

    def _judge(self, opponent: OpponentName, games: OpponentEvidence | None, num_players: int) -> tuple[Verdict, str]:
        if games is None or games.games == 0:
            return "invalid", f"{opponent}: no games were played"
        flaw = self._flaw(games, num_players)
        if flaw is not None:
            return "invalid", f"{opponent}: {flaw}"
        rate = games.win_rate(num_players) or 0.0
        facts = f"{opponent}: {games.games} of {games.games_planned} games played, win rate {rate:.1%}"
        verdict = games.verdict(self.policy, num_players)
        found = f"{facts}, {self._finding(opponent, verdict, games, num_players)}"
        margin = flip_margin(self.policy, opponent, games.tally, games.games_planned, num_players)
        return _VERDICTS[verdict], found if margin is None else f"{found} (flip margin {margin})"

    def _finding(self, opponent: OpponentName, verdict: GateVerdict, games: OpponentEvidence, num_players: int) -> str:
        """What the games say of the threshold, in the words of the rule that says it."""
        threshold = f"{self.policy.threshold(opponent):.0%}"
        rule = (self.policy, opponent, games.tally, games.games_planned, num_players)
        if self.policy.mode == "exact" or (self.policy.mode == "anytime" and judge_by_schedule(*rule) is verdict):
            return _BY_SCHEDULE[verdict].format(threshold)
        error = self.policy.beta if verdict is GateVerdict.FAILED else self.policy.alpha
        return _BY_EVIDENCE[verdict].format(threshold, f"{error:.3g}")

    def _flaw(self, games: OpponentEvidence, num_players: int) -> str | None:
        """Why these games cannot be judged, None if they can."""
        needed = self.policy.games_planned(num_players)
        if games.games_planned < needed:
            return f"{games.games_planned} games were planned, and the policy asks for {needed}"
        if games.unscored > Fraction(str(self.policy.unscored_share)) * games.games_planned:
            return f"{games.truncated} truncated and {games.errored} errored of {games.games} games"
        if self.policy.mode != "exact" and games.effective_histogram is None:
            return f"the evidence does not say which games are repeats, and mode {self.policy.mode} asks for it"
        scores = units_per_game(num_players) + 1
        if len(games.score_histogram) != scores:
            return f"the score histogram has {len(games.score_histogram)} entries; {num_players} players need {scores}"
        lost = games.score_histogram[0]
        # only a win outranks every opponent; with two players only a loss outranks none
        if games.score_histogram[-1] != games.wins or lost > games.losses or (num_players == 2 and lost < games.losses):
            return "the score histogram contradicts the wins, draws and losses"
        return None


def _decision(verdict: Verdict, *reasons: str) -> Decision:
    return Decision(verdict, CODES[verdict], reasons)


def _worst(verdicts: list[Verdict]) -> Verdict:
    order: tuple[Verdict, ...] = ("invalid", "failed", "inconclusive")
    return next((verdict for verdict in order if verdict in verdicts), "passed")


def _moved(met: CanonicalReference | None, canonical: CanonicalReference | None) -> str:
    played = "no canonical version" if met is None else f"canonical version {met.version}"
    now = "there is none" if canonical is None else f"canonical is version {canonical.version}"
    return f"the candidate was played against {played}, and now {now}; it is evaluated again"


def _policy_changed(played: GatePolicy, in_force: GatePolicy) -> str:
    return (
        f"the candidate was played under policy {played.id}, and {in_force.id} is in force now; it is evaluated again"
    )
