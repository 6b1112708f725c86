"""What becomes of a judged candidate, and why: the verdict is of the games, the disposition is of the suite. Pure.

The first that holds decides. A trainer's candidate is one that no operator asked for.

     1  it reviews a version that was forced             withheld   reviewed, or awaiting evaluated_again
     2  it already is canonical, and no dry run          refused    already_canonical
     3  its evidence is stale                            awaiting   evaluated_again
     4  a gate is not passed                             refused    the gate's code
     5  the request was a dry run                        withheld   dry_run
     6  its request had ended before                     withheld   request_ended
     7  its bytes are marked as bad, and it is not forced refused   marked_bad
     8  the configuration is pinned                      awaiting   pinned
     9  the pointer is not where the operator saw it     withheld   version_moved
    10  a trainer's, and promotion is paused             awaiting   paused
    11  a trainer's, and automatic promotion is off      awaiting   auto_promote_off
    12  a trainer's, and the last one was too lately     awaiting   too_soon
    13  the artifact store lacks its bytes               withheld   artifact_missing
    14  otherwise                                        promoted   the games' code

What is `awaiting` by 8, 10, 11 or 12 waits for a person's approval (approval.py), and is withheld as `expired` if nobody says a
word before its deadline.
"""

from __future__ import annotations

from dataclasses import dataclass

from services.promotion.controller import Decision
from services.promotion.hold import Hold, hold_of
from services.promotion.promotion_request import PromotionRequest
from shared.contract.words import Disposition, DispositionCode, HoldKind


@dataclass(frozen=True)
class Outcome:
    """A disposition, its code for programs, and for people what the games say and, where that is not the whole reason, `why`."""

    disposition: Disposition
    code: DispositionCode
    findings: tuple[str, ...]
    why: str | None = None

    @property
    def reasons(self) -> tuple[str, ...]:
        """Every reason in words, the disposition's own first."""
        return self.findings if self.why is None else (self.why, *self.findings)


@dataclass(frozen=True)
class PromotionRules:
    """What counts for every candidate beside the games. `min_seconds`: between a promotion and the next of a trainer's candidate;
    `approval_seconds`: for which a candidate waits; `waiver_seconds`: in which a forced version has to be evaluated;
    `roll_back_failed`: whether a version that fails in its waves is rolled back."""

    auto_promote: bool = True
    min_seconds: float = 0.0
    approval_seconds: float = 604800.0
    waiver_seconds: float = 604800.0
    roll_back_failed: bool = False


@dataclass(frozen=True)
class Circumstances:
    """What counts for this candidate beside the games. `lacking`: how many of the model's bytes the artifact store does not hold;
    `already`: the canonical version, if it is this model, to the byte with `same_bytes`; `canonical`: the version, 0 for none yet;
    `canonical_seconds`: for how long it has been that, None where nobody asks; `reviews`: it was forced before, and is evaluated
    afterwards."""

    rules: PromotionRules = PromotionRules()
    holds: tuple[Hold, ...] = ()
    lacking: int = 0
    already: int | None = None
    same_bytes: bool = True
    canonical: int = 0
    canonical_seconds: float | None = None
    reviews: bool = False


def unchanged(version: int, *, same_bytes: bool = True) -> str:
    """Nothing is to be done for bytes that already are canonical, or that hold the weights of those that are."""
    return f"unchanged: version {version} already has these {'bytes' if same_bytes else 'weights, in another file'}"


def marked_bad(mark: Hold) -> str:
    """Why bytes are not promoted."""
    return f"{mark.words}; lift the mark, or force it"


def dispose(decision: Decision, request: PromotionRequest | None, circumstances: Circumstances) -> Outcome:
    """What becomes of a candidate. `request`: the operator's that it was evaluated for, None for a trainer's candidate."""
    is_dry = request is not None and request.dry_run
    if circumstances.reviews and (decision.verdict != "stale" or circumstances.already is None):
        return Outcome("withheld", "reviewed", decision.reasons, "it was evaluated after the fact; nothing is promoted")
    if circumstances.already is not None and not is_dry and not circumstances.reviews:
        why = unchanged(circumstances.already, same_bytes=circumstances.same_bytes)
        return Outcome("refused", "already_canonical", decision.reasons, why)
    if decision.verdict == "stale":
        return Outcome("awaiting", decision.code, decision.reasons)
    if decision.verdict != "passed":
        return Outcome("refused", decision.code, decision.reasons)
    if is_dry:
        return _kept(decision, "withheld", "dry_run", "the request was a dry run")
    for rule in (_of_any, _of_a_request if request else _of_a_trainer):
        outcome = rule(decision, request, circumstances)
        if outcome is not None:
            return outcome
    if circumstances.lacking:
        why = f"the artifact store lacks its {circumstances.lacking} bytes; announce it again"
        return _kept(decision, "withheld", "artifact_missing", why)
    return Outcome("promoted", decision.code, decision.reasons)


def _of_any(decision: Decision, request: PromotionRequest | None, circumstances: Circumstances) -> Outcome | None:
    if request is not None and not request.is_open:
        return _kept(decision, "withheld", "request_ended", f"request {request.id} had ended before: {request.state}")
    mark, pin = hold_of(HoldKind.MARK, circumstances.holds), hold_of(HoldKind.PIN, circumstances.holds)
    if mark is not None and not (request is not None and request.is_forced):
        return _kept(decision, "refused", "marked_bad", marked_bad(mark))
    if pin is not None:
        return _kept(decision, "awaiting", "pinned", f"{pin.words}; unpin it, then approve this candidate")
    return None


def _of_a_request(decision: Decision, request: PromotionRequest | None, circumstances: Circumstances) -> Outcome | None:
    seen = request.seen_version if request else None
    if seen in (None, circumstances.canonical):
        return None
    why = f'canonical is version {circumstances.canonical or "none"}, and the request was made for "{seen}"'
    return _kept(decision, "withheld", "version_moved", why)


def _of_a_trainer(decision: Decision, _: PromotionRequest | None, circumstances: Circumstances) -> Outcome | None:
    rules, pause = circumstances.rules, hold_of(HoldKind.PAUSE, circumstances.holds)
    if pause is not None:
        return _kept(decision, "awaiting", "paused", f"{pause.words}; approve this candidate")
    if not rules.auto_promote:
        return _kept(decision, "awaiting", "auto_promote_off", "RINGRIFT_AUTO_PROMOTE is off; approve this candidate")
    lasted = circumstances.canonical_seconds
    if lasted is not None and lasted < rules.min_seconds:
        why = (
            f"version {circumstances.canonical} has been canonical for {lasted:.0f} s, and "
            f"RINGRIFT_PROMOTION_MIN_SECONDS asks for {rules.min_seconds:g}; approve this candidate"
        )
        return _kept(decision, "awaiting", "too_soon", why)
    return None


def _kept(decision: Decision, disposition: Disposition, code: DispositionCode, why: str) -> Outcome:
    return Outcome(disposition, code, decision.reasons, f"passed, and not promoted because {why}")
