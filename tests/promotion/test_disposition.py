"""What becomes of a judged candidate: every combination of verdict, request and circumstance."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from typing import Any, get_args
from uuid import UUID, uuid4

import pytest

from services.promotion.controller import CODES, Decision
from services.promotion.disposition import Circumstances, PromotionRules, dispose
from services.promotion.hold import Hold
from services.promotion.promotion_request import Closing, PromotionRequest, RequestedPromotion
from shared.contract.words import Disposition, DispositionCode, HoldKind, RequestState, Verdict

NOW = datetime(2026, 1, 1, tzinfo=UTC)
OPEN = PromotionRequest(
    id=UUID(int=1), configuration="hex8_2p", model_path="models/a.pth", games=None, kind="manual", dry_run=False,
    asked_by="alice", why=None, seen_version=None, state=RequestState.OPEN, code=None, reason=None, decision_id=None,
    requested_at=NOW, closed_at=None,
)  # fmt: skip
DRY = replace(OPEN, dry_run=True)
ENDED = replace(OPEN, state=RequestState.PROMOTED)
PASSED = Decision("passed", "gates_passed", ("random: won",))


@pytest.mark.parametrize(
    ("request_made", "auto_promote", "lacking", "disposition", "code", "words"),
    [
        (None, True, 0, "promoted", "gates_passed", "random: won"),
        (OPEN, True, 0, "promoted", "gates_passed", "random: won"),
        (OPEN, False, 0, "promoted", "gates_passed", "random: won"),
        (
            None,
            False,
            0,
            "awaiting",
            "auto_promote_off",
            "RINGRIFT_AUTO_PROMOTE is off; approve this candidate",
        ),
        (DRY, True, 0, "withheld", "dry_run", "the request was a dry run"),
        (replace(DRY, state=RequestState.FAILED), True, 5, "withheld", "dry_run", "the request was a dry run"),
        (ENDED, True, 0, "withheld", "request_ended", f"request {OPEN.id} had ended before: promoted"),
        (None, True, 5, "withheld", "artifact_missing", "the artifact store lacks its 5 bytes; announce it again"),
        (OPEN, True, 5, "withheld", "artifact_missing", "the artifact store lacks its 5 bytes"),
        (None, False, 5, "awaiting", "auto_promote_off", "RINGRIFT_AUTO_PROMOTE is off"),
    ],
)
def test_a_candidate_that_passed(
    request_made: PromotionRequest | None, auto_promote: bool, lacking: int, disposition: Disposition,
    code: DispositionCode, words: str,
) -> None:  # fmt: skip
    """It is promoted unless something stands in the way, which is said first."""
    outcome = dispose(
        PASSED, request_made, Circumstances(rules=PromotionRules(auto_promote=auto_promote), lacking=lacking)
    )
    assert (outcome.disposition, outcome.code) == (disposition, code)
    assert words in outcome.reasons[0]
    assert outcome.reasons[-1] == "random: won"
    assert outcome.reasons[0].startswith("passed, and not promoted because ") == (disposition != "promoted")


def held(kind: HoldKind) -> Hold:
    """A hold of a kind."""
    version, digest = (2 if kind is HoldKind.PIN else None), ("a" * 64 if kind is HoldKind.MARK else None)
    return Hold(
        configuration="hex8_2p", kind=kind, reason="worse", placed_by="alice", version=version, digest=digest,
        id=UUID(int=2), placed_at=NOW,
    )  # fmt: skip


FORCED = replace(OPEN, kind="forced")
SEEN = replace(OPEN, seen_version=3)
PAUSE, PIN, MARK = (held(kind) for kind in HoldKind)


@pytest.mark.parametrize(
    ("made", "circumstances", "disposition", "code", "words"),
    [
        (
            None,
            {"holds": (MARK,)},
            "refused",
            "marked_bad",
            "marked as bad for hex8_2p, by alice: worse; lift the mark",
        ),
        (OPEN, {"holds": (MARK,)}, "refused", "marked_bad", "or force it"),
        (FORCED, {"holds": (MARK,)}, "promoted", "gates_passed", "random: won"),
        (None, {"holds": (PIN,)}, "awaiting", "pinned", "hex8_2p is pinned to version 2, by alice: worse; unpin it"),
        (OPEN, {"holds": (PIN,)}, "awaiting", "pinned", "then approve this candidate"),
        (FORCED, {"holds": (PIN,)}, "awaiting", "pinned", "unpin it"),
        (FORCED, {"holds": (PIN, MARK)}, "awaiting", "pinned", "unpin it"),
        (OPEN, {"holds": (PIN, MARK)}, "refused", "marked_bad", "lift the mark"),
        (None, {"holds": (PAUSE,)}, "awaiting", "paused", "promotion of hex8_2p is paused, by alice: worse"),
        (OPEN, {"holds": (PAUSE,)}, "promoted", "gates_passed", "random: won"),
        (
            None,
            {"canonical_seconds": 9.0, "canonical": 4},
            "awaiting",
            "too_soon",
            "version 4 has been canonical for 9 s",
        ),
        (None, {"canonical_seconds": 60.0, "canonical": 4}, "promoted", "gates_passed", "random: won"),
        (OPEN, {"canonical_seconds": 9.0, "canonical": 4}, "promoted", "gates_passed", "random: won"),
        (SEEN, {"canonical": 3}, "promoted", "gates_passed", "random: won"),
        (
            SEEN,
            {"canonical": 4},
            "withheld",
            "version_moved",
            'canonical is version 4, and the request was made for "3"',
        ),
        (SEEN, {}, "withheld", "version_moved", "canonical is version none"),
        (None, {"reviews": True}, "withheld", "reviewed", "after the fact"),
        (None, {"reviews": True, "already": 4}, "withheld", "reviewed", "after the fact"),
        (DRY, {"holds": (PIN, MARK, PAUSE)}, "withheld", "dry_run", "a dry run"),
    ],
)
def test_f21_what_people_decided_stands(
    made: PromotionRequest | None, circumstances: dict[str, Any], disposition: Disposition, code: DispositionCode, words: str
) -> None:  # fmt: skip
    """Holds stop machines, and of people those who do not say that they know better."""
    rules = PromotionRules(min_seconds=60)
    outcome = dispose(PASSED, made, Circumstances(rules=rules, **circumstances))
    assert (outcome.disposition, outcome.code) == (disposition, code)
    assert words in outcome.reasons[0]


@pytest.mark.parametrize("already", [None, 4])
def test_a_stale_review_is_repeated_as_long_as_it_matters(already: int | None) -> None:
    """Where the forced version is canonical no more, nobody needs to know."""
    outcome = dispose(Decision("stale", CODES["stale"], ()), None, Circumstances(reviews=True, already=already))
    assert outcome.code == ("evaluated_again" if already else "reviewed")


@pytest.mark.parametrize("verdict", get_args(Verdict))
def test_f32_what_is_canonical_is_unchanged(verdict: Verdict) -> None:
    """Whatever its games say it is refused as canonical already, with its version; only a dry run tells the games' own end."""
    decision = Decision(verdict, CODES[verdict], ("won",))
    for made in (None, OPEN, ENDED):
        outcome = dispose(decision, made, Circumstances(already=7))
        assert (outcome.disposition, outcome.code) == ("refused", "already_canonical")
        assert outcome.reasons == ("unchanged: version 7 already has these bytes", "won")
    assert dispose(decision, DRY, Circumstances(already=7)) == dispose(decision, DRY, Circumstances())


def test_skipped_games_are_told_from_played_ones() -> None:
    """The code of a promotion says what it was made on."""
    assert dispose(Decision("passed", "games_skipped", ()), OPEN, Circumstances()).code == "games_skipped"


@pytest.mark.parametrize("verdict", [each for each in get_args(Verdict) if each != "passed"])
def test_nothing_but_a_pass_is_promoted(verdict: Verdict) -> None:
    """Whatever else holds, the verdict decides: stale waits for another evaluation, the rest is refused, reasons unchanged."""
    decision = Decision(verdict, CODES[verdict], ("why",))
    for made, auto_promote, lacking in product((None, OPEN, DRY, ENDED), (True, False), (0, 5)):
        outcome = dispose(
            decision, made, Circumstances(rules=PromotionRules(auto_promote=auto_promote), lacking=lacking)
        )
        assert outcome.disposition == ("awaiting" if verdict == "stale" else "refused")
        assert (outcome.code, outcome.reasons) == (CODES[verdict], ("why",))


def test_a_request_ends_once_and_by_ending() -> None:
    """Staying open is no end."""
    with pytest.raises(ValueError, match="does not end by staying open"):
        Closing(RequestState.OPEN, "dry_run", "")
    assert OPEN.is_open
    assert not ENDED.is_open
    assert replace(OPEN, kind="forced").is_forced
    assert not OPEN.is_forced


def test_a_judgement_ends_an_open_request() -> None:
    """Promoted or refused by the disposition, with its code, reason and decision."""
    decision = uuid4()
    promoted = OPEN.ended_by("promoted", "gates_passed", "won", decision)
    assert promoted == Closing(RequestState.PROMOTED, "gates_passed", "won", decision)
    others: list[tuple[Disposition, DispositionCode]] = [
        ("refused", "gates_failed"), ("withheld", "dry_run"), ("awaiting", "auto_promote_off"),
    ]  # fmt: skip
    for disposition, code in others:
        assert OPEN.ended_by(disposition, code, "", decision) == Closing(RequestState.REFUSED, code, "", decision)


def test_a_failed_evaluation_ends_an_open_request() -> None:
    """With the gauntlet's code and reason."""
    closing = OPEN.ended_without_evidence("model_invalid", "NaN weights")
    assert closing == Closing(RequestState.FAILED, "model_invalid", "model_invalid: NaN weights", None)


def test_what_is_evaluated_again_stays_open_and_what_ended_stays_ended() -> None:
    """Only the next judgement ends the one, and nothing the other."""
    assert OPEN.ended_by("awaiting", "evaluated_again", "", uuid4()) is None
    assert ENDED.ended_by("promoted", "gates_passed", "", uuid4()) is None
    assert ENDED.ended_without_evidence("internal", "") is None


@pytest.mark.parametrize(
    "changed",
    [
        {"configuration": "hex8_3p"},
        {"model_path": "models/b.pth"},
        {"games": 5},
        {"kind": "forced"},
        {"dry_run": True},
        {"why": "hotfix"},
        {"seen_version": 3},
    ],
)
def test_the_same_key_is_for_the_same_request(changed: dict[str, object]) -> None:
    """Whatever is asked for differently makes it another request."""
    asked = RequestedPromotion(
        uuid4(), "hex8_2p", "models/a.pth", None, "manual", dry_run=False, asked_by="bob", why=None, seen_version=None,
        idempotency_key="k",
    )  # fmt: skip
    assert OPEN.asks_for(asked)
    assert not OPEN.asks_for(replace(asked, **changed))  # type: ignore[arg-type]  # each of the right type
