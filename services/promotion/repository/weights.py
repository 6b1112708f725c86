"""Statements about weights: files that differ may hold the same, which their fingerprints tell."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Text, bindparam, func, or_, select

from services.promotion import tables as t
from shared.storage.database import Read

_FINGERPRINT = t.artifacts.c.metadata["fingerprint"].astext
_BOTH = select(func.count(t.artifacts.c.digest), func.count(_FINGERPRINT.distinct()), func.count(_FINGERPRINT)).where(
    t.artifacts.c.digest.in_((bindparam("one", type_=Text), bindparam("other", type_=Text)))
)


async def same_weights(tx: Read, one: str, other: str) -> bool:
    """Whether two digests are of the same weights, as far as that is known."""
    both = (await tx.execute(_BOTH, {"one": one, "other": other})).one()
    return one == other or tuple(both) == (2, 1, 2)


def holds_weights_of(column: ColumnElement[str], digest: ColumnElement[Any] | str | None) -> ColumnElement[bool]:
    """Whether a column is the digest, or that of another file with its weights."""
    its, theirs = t.artifacts.alias(), t.artifacts.alias()
    fingerprint = its.c.metadata["fingerprint"].astext
    twin = select(theirs.c.digest).where(
        its.c.digest == digest, theirs.c.digest == column, theirs.c.metadata["fingerprint"].astext == fingerprint
    )
    return or_(column == digest, twin.exists())
