"""What becomes of a judged candidate, and why: the verdict is of the games, the disposition is of the suite. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from services.promotion.controller import Decision
from services.promotion.promotion_request import PromotionRequest
from shared.contract.words import Disposition, DispositionCode


@dataclass(frozen=True)
class Outcome:
    """A disposition, its code for programs, and every reason in words for people, the disposition's own first."""

    disposition: Disposition
    code: DispositionCode
    reasons: tuple[str, ...]


def dispose(decision: Decision, request: PromotionRequest | None, *, auto_promote: bool, lacking: int) -> Outcome:
    """What becomes of a candidate.

    request: the operator's that the evaluation was made for, None for a trainer's candidate. lacking: how many of the model's bytes
    the artifact store does not hold.
    """
    if decision.verdict == "stale":
        return Outcome("awaiting", decision.code, decision.reasons)
    if decision.verdict != "passed":
        return Outcome("refused", decision.code, decision.reasons)
    if request is not None and request.dry_run:
        return _kept(decision, "withheld", "dry_run", "the request was a dry run")
    if request is not None and not request.is_open:
        return _kept(decision, "withheld", "request_ended", f"request {request.id} had ended before: {request.state}")
    if request is None and not auto_promote:
        why = "RINGRIFT_AUTO_PROMOTE is off; ask for it with POST /admin/promote"
        return _kept(decision, "awaiting", "auto_promote_off", why)
    if lacking:
        why = f"the artifact store lacks its {lacking} bytes; announce it again"
        return _kept(decision, "withheld", "artifact_missing", why)
    return Outcome("promoted", decision.code, decision.reasons)


def _kept(decision: Decision, disposition: Disposition, code: DispositionCode, why: str) -> Outcome:
    return Outcome(disposition, code, (f"passed, and not promoted because {why}", *decision.reasons))
