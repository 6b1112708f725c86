"""The judgement: evidence and policy in, a decision out.

Pure: no clock, no database, no event. Whatever the evidence lacks makes it `invalid`; nothing is ever filled in.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from shared.contract.evidence import CanonicalReference, Evidence, OpponentEvidence
from shared.contract.gate import units_per_game
from shared.contract.policy import GatePolicy
from shared.contract.words import OPPONENTS, DispositionCode, GateVerdict, OpponentName, Verdict

CODES: dict[Verdict, DispositionCode] = {
    "passed": "gates_passed",
    "failed": "gates_failed",
    "inconclusive": "games_inconclusive",
    "stale": "evaluated_again",
    "invalid": "evidence_invalid",
}
"""What a verdict of the games leads to, where nothing else stands in the way."""


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
        self, digest: str, num_players: int, evidence: Evidence, canonical: CanonicalReference | None
    ) -> Decision:
        """Judge a candidate against the canonical version of this moment (None: there is none yet)."""
        if canonical is not None and canonical.digest == digest:
            reason = f"this model already is canonical version {canonical.version}"
            return Decision("failed", "already_canonical", (reason,))
        if evidence.skipped and self.may_skip:
            return Decision("passed", "games_skipped", ("the games were skipped as asked; the model loads",))
        outdated = self._outdated(evidence, canonical)
        if outdated:
            return _decision("stale", *outdated)
        if evidence.skipped:
            return _decision("invalid", "no games were played, and nobody asked for that")
        return self._judge_gates(num_players, evidence, canonical is not None)

    def _outdated(self, evidence: Evidence, canonical: CanonicalReference | None) -> list[str]:
        """Why the evidence answers a question that nobody asks any more; empty if it answers the present one."""
        reasons: list[str] = []
        if not evidence.skipped and evidence.previous != canonical:
            reasons.append(_moved(evidence.previous, canonical))
        if not self.policy.asks_the_same_as(evidence.gates):
            reasons.append(_policy_changed(evidence.gates, self.policy))
        return reasons

    def _judge_gates(self, num_players: int, evidence: Evidence, has_previous: bool) -> Decision:
        needed = [opponent for opponent in OPPONENTS if has_previous or opponent != "previous"]
        reasons: list[str] = []
        verdicts: list[Verdict] = []
        for opponent in needed:
            games = evidence.of(opponent)
            verdict, reason = self._judge(opponent, games, num_players)
            verdicts.append(verdict)
            reasons.append(reason)
            if verdict == "failed":
                break
        if not has_previous and verdicts[-1] == "passed":
            reasons.append("previous: skipped, there is no canonical version yet")
        return _decision(_worst(verdicts), *reasons)

    def _judge(self, opponent: OpponentName, games: OpponentEvidence | None, num_players: int) -> tuple[Verdict, str]:
        if games is None or games.games == 0:
            return "invalid", f"{opponent}: no games were played"
        flaw = self._flaw(games, num_players)
        if flaw is not None:
            return "invalid", f"{opponent}: {flaw}"
        threshold = self.policy.threshold(opponent)
        rate = games.win_rate(num_players) or 0.0
        facts = f"{opponent}: {games.games} of {games.games_planned} games played, win rate {rate:.1%}"
        match games.verdict(num_players, threshold):
            case GateVerdict.PASSED:
                return "passed", f"{facts}, reaches the required {threshold:.0%}"
            case GateVerdict.FAILED:
                return "failed", f"{facts}, can no longer reach the required {threshold:.0%}"
            case _:
                return "inconclusive", f"{facts}, neither reaches {threshold:.0%} of all planned games nor rules it out"

    def _flaw(self, games: OpponentEvidence, num_players: int) -> str | None:
        """Why these games cannot be judged, None if they can."""
        needed = self.policy.games_planned(num_players)
        if games.games_planned < needed:
            return f"{games.games_planned} games were planned, and the policy asks for {needed}"
        if games.unscored > Fraction(str(self.policy.unscored_share)) * games.games_planned:
            return f"{games.truncated} truncated and {games.errored} errored of {games.games} games"
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
