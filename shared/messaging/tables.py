"""The tables that every service's schema has for its events: outbox, inbox, feed cursors and dead letters.

`Messaging` describes them for queries; the frozen revisions beside this file create them. No statements here.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import UserDefinedType


class Xid8(UserDefinedType[str]):
    """Postgres' 64-bit transaction id, read as text."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        """The column type in DDL."""
        return "xid8"


class Messaging:
    """The four messaging tables of one schema."""

    def __init__(self, metadata: MetaData) -> None:
        now = func.now()
        self.outbox = Table(
            "outbox",
            metadata,
            Column("position", BigInteger, Identity(always=True), primary_key=True),
            # with the position, what the feed is ordered by: see shared/outbox.py
            Column("transaction", Xid8(), nullable=False, server_default=text("pg_current_xact_id()")),
            Column("event_id", Uuid, nullable=False, unique=True),
            Column("type", Text, nullable=False),
            Column("subject", Text, nullable=False),
            Column("event", JSONB, nullable=False),
            Column("created_at", DateTime(timezone=True), nullable=False, server_default=now),
            Column("published_at", DateTime(timezone=True)),
            Index("outbox_unpublished", "position", postgresql_where=text("published_at is null")),
            Index("outbox_feed", "transaction", "position"),
        )
        self.inbox = Table(
            "inbox",
            metadata,
            Column("event_id", Uuid, primary_key=True),
            Column("type", Text, nullable=False),
            Column("subject", Text, nullable=False),
            Column("source", Text, nullable=False),
            Column("handled_at", DateTime(timezone=True), nullable=False, server_default=now),
        )
        self.feed_cursors = Table(
            "feed_cursors",
            metadata,
            Column("producer", Text, primary_key=True),
            Column("cursor", Text, nullable=False),
            Column("read_at", DateTime(timezone=True), nullable=False, server_default=now),
        )
        self.dead_letters = Table(
            "dead_letters",
            metadata,
            Column("id", BigInteger, Identity(always=True), primary_key=True),
            # one row for each distinct message, however often it comes
            Column("fingerprint", Text, nullable=False, unique=True),
            Column("event_id", Text),
            Column("subject", Text, nullable=False),
            Column("payload", Text, nullable=False),
            Column("reason", Text, nullable=False),
            Column("deliveries", Integer, nullable=False),
            Column("died_at", DateTime(timezone=True), nullable=False, server_default=now),
            Column("replayed_at", DateTime(timezone=True)),
        )
