"""The audit's chains by themselves: whatever is done to rows is noticed, and told of the row that it was done to."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.promotion.act import Act
from shared.contract.audit_chain import Actor, ChainHead, Chains, canonical, hash_of
from shared.contract.words import AuditAction

START = datetime(2026, 1, 31, 12, tzinfo=UTC)
Rows = list[dict[str, Any]]
texts = st.text(st.characters(codec="utf-8"), max_size=8)
acts = st.builds(
    Act,
    st.sampled_from(["hex8_2p", "square8_3p", None]),
    st.sampled_from(get_args(AuditAction)),
    st.none() | texts,
    st.dictionaries(texts, st.none() | texts | st.integers(-(2**53) + 1, 2**53 - 1), max_size=3),
)
actors = st.builds(Actor, texts, st.none() | texts)


def written(deeds: Sequence[tuple[Act, Actor]]) -> Rows:
    """The rows that acts become, one after the other."""
    heads: dict[str | None, ChainHead] = {}
    rows: Rows = []
    for number, (act, by) in enumerate(deeds):
        row = act.after(heads.get(act.configuration), by, START + timedelta(microseconds=number))
        heads[act.configuration] = row.head
        rows.append(row.content)
    return rows


def found(rows: Rows, known: Sequence[ChainHead] = ()) -> Chains:
    """What is wrong with rows."""
    chains = Chains(known)
    for row in rows:
        chains.take(row)
    chains.finish()
    return chains


audits = st.lists(st.tuples(acts, actors), min_size=1, max_size=12).map(written)
THREE = written(
    [(Act("hex8_2p", "pin", "the tournament", {"version": n}), Actor("anna", "10.0.0.7")) for n in (1, 2, 3)]
)


@given(audits)
def test_what_was_written_is_intact(rows: Rows) -> None:
    """Every chain of it, in whatever order the chains are mixed, also beside the heads that were kept of it."""
    chains = found(rows)
    assert (chains.faults, chains.rows) == ([], len(rows))
    again = found(sorted(rows, key=lambda row: (row["configuration"] or "", row["sequence"])), chains.heads)
    assert again.is_intact
    assert again.heads == chains.heads


@given(audits, st.data())
def test_a_changed_row_is_named(rows: Rows, data: st.DataObject) -> None:
    """Whichever of its members is another one: the row itself is told, or that it is none any more."""
    number = data.draw(st.integers(0, len(rows) - 1))
    name = data.draw(st.sampled_from(sorted(rows[number])))
    changed = {**rows[number], name: data.draw(texts.filter(lambda each: each != rows[number][name]))}
    faults = found([*rows[:number], changed, *rows[number + 1 :]]).faults
    assert any(each.kind == "changed" and each.sequence in (changed["sequence"], None) for each in faults)


@given(audits, st.data())
def test_a_row_that_was_written_anew_with_its_hash_is_named(rows: Rows, data: st.DataObject) -> None:
    """The next row of its chain says that it followed another; of the last one only the head that somebody kept does."""
    heads, number = found(rows).heads, data.draw(st.integers(0, len(rows) - 1))
    anew = {**rows[number], "actor": rows[number]["actor"] + "x"}
    anew["hash"] = hash_of(anew)
    forged = [*rows[:number], anew, *rows[number + 1 :]]
    faults = found(forged, heads).faults
    assert {(each.kind, each.sequence) for each in faults} == {("changed", anew["sequence"])}
    is_last = (anew["configuration"], anew["sequence"]) in {each[:2] for each in heads}
    assert found(forged).is_intact == is_last


@given(audits, st.data())
def test_a_row_that_is_gone_is_named(rows: Rows, data: st.DataObject) -> None:
    """By the row after it; the last one by the head that somebody kept."""
    heads, number = found(rows).heads, data.draw(st.integers(0, len(rows) - 1))
    gone = rows[number]
    [fault] = found(rows[:number] + rows[number + 1 :], heads).faults
    assert (fault.kind, fault.configuration, fault.sequence) == ("missing", gone["configuration"], gone["sequence"])


def test_the_end_can_be_cut_off_unseen_by_who_keeps_no_head() -> None:
    """That is what heads are kept for."""
    assert found(THREE[:2]).is_intact
    [fault] = found(THREE[:2], found(THREE).heads).faults
    assert "row 3 of hex8_2p: it was the last when the heads were kept, and is gone" in fault.detail


def test_rows_in_another_order_are_told() -> None:
    """What comes late, and what comes twice."""
    first, second, third = THREE
    assert [each.kind for each in found([second, first, third]).faults] == ["missing", "misplaced"]
    [twice] = found([first, second, second, third]).faults
    assert (twice.kind, twice.detail) == ("misplaced", "row 2 of hex8_2p: it comes after row 2")
    [lost] = found([first, third]).faults
    assert lost.detail == "row 2 of hex8_2p: missing before row 3"


@pytest.mark.parametrize(
    "row", [{}, {**THREE[0], "sequence": True}, {**THREE[0], "configuration": 1}, {**THREE[0], "hash": None}]
)
def test_what_is_no_row_is_told(row: dict[str, Any]) -> None:
    """Whatever a file has on a line."""
    assert [each.detail for each in found([row]).faults] == ["row 1 of the list is no row of an audit"]


@pytest.mark.parametrize("value", [1.5, float("nan"), 2**53, ["a"], {"a": 0.5}, "\ud800"])
def test_what_has_no_canonical_form_has_no_hash(value: Any) -> None:
    """So that no two readers can differ about what a row says."""
    with pytest.raises(ValueError):
        hash_of({**THREE[0], "reason": value})
    assert "changed" in [each.kind for each in found([{**THREE[0], "reason": value}]).faults]


def test_the_canonical_form_is_what_the_page_says() -> None:
    """Byte for byte, so that others can compute it."""
    row = Act("hex8_2p", "pin", 'so "it" is: Zürich\n', {"version": 7, "digest": None}).after(
        None, Actor("anna"), START
    )
    form = (
        '{"action":"pin","actor":"anna","address":null,"at":"2026-01-31T12:00:00.000000Z","configuration":"hex8_2p",'
        '"previous":null,"reason":"so \\"it\\" is: Zürich\\n","sequence":1,"subject":{"version":7}}'
    ).encode()
    assert canonical(row.content) == form
    assert row.hash == hashlib.sha256(form).hexdigest()


def test_faults_without_end_are_counted() -> None:
    """A hundred are told."""
    chains = found([{}] * 103)
    assert (len(chains.faults), chains.more_faults) == (100, 3)
