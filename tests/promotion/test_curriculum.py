"""The curriculum: its rule holds its promises for every history, and each disposition moves it where people and programs see it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.promotion.curriculum import FAILURES, LEAST_NEED, SUCCESSES, CurriculumIntegration, Standing
from shared.contract.evidence import CanonicalReference
from shared.contract.words import DispositionCode
from tests.promotion.conftest import Suite

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
CODES = st.sampled_from(get_args(DispositionCode))
HISTORY = st.lists(st.tuples(CODES, st.floats(0, 1e6)), max_size=30)
RULE = CurriculumIntegration


def lived(history: list[tuple[DispositionCode, float]], name: str = "a") -> Standing:
    """What is known after some outcomes, each so many seconds after the one before."""
    at, standing = BEGINNING, Standing(configuration=name, struggle=0.5, candidates=0, since=BEGINNING)
    for code, seconds in history:
        at += timedelta(seconds=seconds)
        standing = RULE.after(standing, name, code, at) or standing
    return standing


@given(st.lists(HISTORY, min_size=1, max_size=8), st.floats(-1e6, 1e9))
def test_weights_are_bounded_and_normalised(histories: list[list[tuple[DispositionCode, float]]], later: float) -> None:
    """Whatever happened, at any moment, however the clocks went: the mean is 1, and nobody gets more than five times another's."""
    standings = [lived(history, str(number)) for number, history in enumerate(histories)]
    weighed = RULE.weigh(standings, BEGINNING + timedelta(seconds=later))
    assert sum(each.weight for each in weighed) == pytest.approx(len(weighed))
    assert sum(each.share for each in weighed) == pytest.approx(1)
    weights = [each.weight for each in weighed]
    assert max(weights) <= min(weights) / LEAST_NEED + 1e-9
    assert all(0 <= each.struggle <= 1 and 0 <= each.staleness <= 1 for each in weighed)


@given(HISTORY, st.floats(0, 1e6), CODES)
def test_an_outcome_moves_weights_where_it_should(
    history: list[tuple[DispositionCode, float]], seconds: float, code: DispositionCode
) -> None:
    """A failure never lowers a weight, a success never raises one, everything else leaves it, and no step is a leap."""
    before, other = lived(history), Standing(configuration="b", struggle=0.5, candidates=0, since=BEGINNING)
    at = BEGINNING + timedelta(seconds=seconds + sum(each for _, each in history))
    after = RULE.after(before, "a", code, at)
    [one, _], [two, _] = RULE.weigh([before, other], at), RULE.weigh([after or before, other], at)
    if code in FAILURES:
        assert two.weight >= one.weight - 1e-9
    elif code in SUCCESSES:
        assert two.weight <= one.weight + 1e-9
    else:
        assert after is None
    assert abs(two.struggle - one.struggle) <= 0.2 + 1e-9


@given(HISTORY, st.floats(0, 1e6), st.floats(0, 1e6))
def test_time_alone_raises_a_weight(history: list[tuple[DispositionCode, float]], first: float, more: float) -> None:
    """Beside one that is promoted now, a configuration that is not promoted gets ever more."""
    known = lived(history)
    ended = BEGINNING + timedelta(seconds=sum(each for _, each in history))
    weights = []
    for at in (ended + timedelta(seconds=first), ended + timedelta(seconds=first + more)):
        fresh = Standing(configuration="b", struggle=0.5, candidates=0, since=at)
        weights.append(RULE.weigh([known, fresh], at)[0].weight)
    assert weights[1] >= weights[0] - 1e-9


def test_the_rule_in_figures() -> None:
    """A beginner that fails at once has a struggle of 0.6, and after a day a need of 0.656 beside 0.48 of one without news."""
    failed = RULE.after(None, "a", "gates_failed", BEGINNING)
    assert failed == Standing(configuration="a", struggle=0.6, candidates=1, since=BEGINNING)
    day = BEGINNING + timedelta(days=1)
    fresh = Standing(configuration="b", struggle=0.5, candidates=0, since=day)
    found = RULE.weigh([failed, fresh], day)
    assert [each.share for each in found] == pytest.approx([0.656 / 1.136, 0.48 / 1.136])
    assert RULE.weigh([], day) == []


def test_what_says_nothing_of_learning_is_known() -> None:
    """Each code is a success, a failure or neither; a new one has to be given its place."""
    neutral = set(get_args(DispositionCode)) - {*SUCCESSES, *FAILURES}
    assert neutral == {
        "games_skipped", "dry_run", "request_ended", "artifact_missing", "version_moved", "reviewed", "expired", "auto_promote_off",
        "evaluated_again", "paused", "pinned", "too_soon", "already_canonical", "evidence_invalid", "marked_bad",
    }  # fmt: skip


async def test_dispositions_move_the_curriculum(suite: Suite) -> None:
    """A promotion, a candidate that fails, one of whom nothing is learnt, and a rollback: each in the listing and in the feed, with
    the decision that it is from."""
    assert (await suite.get("/v1/curriculum"))["items"] == []
    first = await suite.promoted(b"first")
    second = await suite.promoted(b"other")
    canonical = CanonicalReference(version=2, digest=second)
    await suite.evaluated(suite.add_model(b"worse"), canonical, wins=10)
    await suite.evaluated(second, canonical)

    async def decided() -> bool:
        return len((await suite.get("/v1/decisions"))["items"]) == 4

    await suite.eventually(decided)
    await suite.posts("/v1/configurations/hex8_2p/rollback", {"to_version": 1, "reason": "worse"})
    assert (await suite.canonical())["digest"] == first
    [known] = (await suite.get("/v1/curriculum"))["items"]
    assert (known["configuration"], known["candidates"], known["weight"], known["share"]) == ("hex8_2p", 4, 1, 1)
    assert known["struggle"] == pytest.approx(((0.5 * 0.8 * 0.8) * 0.8 + 0.2) * 0.8 + 0.2)
    said = [each["data"] for each in await suite.events("CURRICULUM_UPDATED")]
    assert [each["code"] for each in said] == ["gates_passed", "gates_passed", "gates_failed", "rolled_back"]
    assert said[-1]["struggle"] == known["struggle"]
    decisions = (await suite.get("/v1/decisions"))["items"]
    assert [each["decision_id"] for each in said[::-1]] == [
        each["id"] for each in decisions if each["code"] in ("gates_passed", "gates_failed", "rolled_back")
    ]
