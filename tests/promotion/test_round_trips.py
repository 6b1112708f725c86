"""How often a promotion goes to the database and back: each way there costs as much as all that is done at its end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, event

from shared.contract.evidence import CanonicalReference
from tests.promotion.conftest import Suite

PROMOTION = ["promotion.inbox", "promotion.artifacts", "json_agg", "promotion.canonical_versions"]
"""Of each statement of a trainer's candidate that is promoted, what tells it from the others, in their order."""


@pytest.fixture
def transactions() -> Iterator[dict[int, list[list[str]]]]:
    """The statements of each connection, in a list for each transaction."""
    found: dict[int, list[list[str]]] = defaultdict(lambda: [[]])

    def said(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        found[id(connection.connection.driver_connection)][-1].append(statement)

    def ended(connection: Any) -> None:
        found[id(connection.connection.driver_connection)].append([])

    listeners: list[tuple[str, Callable[..., None]]] = [
        ("before_cursor_execute", said),
        ("commit", ended),
        ("rollback", ended),
    ]
    for name, listener in listeners:
        event.listen(Engine, name, listener)
    yield found
    for name, listener in listeners:
        event.remove(Engine, name, listener)


async def test_a_promotion_takes_four_statements(suite: Suite, transactions: dict[int, list[list[str]]]) -> None:
    """The event is new, the evaluation is written under the lock, everything is read, everything else is written."""
    first = await suite.promoted(b"first")
    transactions.clear()
    second = suite.add_model(b"secnd")
    await suite.evaluated(second, CanonicalReference(version=1, digest=first))
    await suite.canonical_is(second)
    moves = "INSERT INTO promotion.canonical_versions"
    every = [transaction for each in transactions.values() for transaction in each]
    [promotion] = [each for each in every if any(moves in statement for statement in each)]
    assert len(promotion) == len(PROMOTION), promotion
    assert all(mark in statement for mark, statement in zip(PROMOTION, promotion, strict=True))
