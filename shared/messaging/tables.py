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


class Messaging:
    """The four messaging tables of one schema."""

    def __init__(self, metadata: MetaData) -> None:
        now = func.now()
        self.outbox = Table(
            "outbox",
            metadata,
            Column("position", BigInteger, Identity(always=True), primary_key=True),
            # the place in the feed, given after the commit: see outbox.py
            Column("sequence", BigInteger, unique=True),
            Column("event_id", Uuid, nullable=False, unique=True),
            Column("type", Text, nullable=False),
            Column("subject", Text, nullable=False),
            Column("event", JSONB, nullable=False),
            Column("created_at", DateTime(timezone=True), nullable=False, server_default=now),
            Column("published_at", DateTime(timezone=True)),
            Index("outbox_unpublished", "sequence", postgresql_where=text("published_at is null")),
            Index("outbox_by_type", "type", "sequence"),
            Index("outbox_unordered", "position", postgresql_where=text("sequence is null")),
        )
        self.inbox = Table(
            "inbox",
            metadata,
            Column("source", Text, primary_key=True),
            Column("event_id", Text, primary_key=True),
            Column("type", Text, nullable=False),
            Column("subject", Text, nullable=False),
            Column("summary", Text),
            Column("handled_at", DateTime(timezone=True), nullable=False, server_default=now),
            Index("inbox_by_time", "handled_at"),
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
