"""Nodes, desired versions, deliveries, breakers, distributions, and the messaging tables."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from shared.service.migrations import create_messaging_tables

revision = "0001"
down_revision = None
SCHEMA = "distribution"


def _time(name: str, *, now: bool = False) -> sa.Column[object]:
    default = sa.func.now() if now else None
    return sa.Column(name, sa.DateTime(timezone=True), nullable=not now, server_default=default)


def _node() -> sa.Column[str]:
    return sa.Column("node", sa.Text, sa.ForeignKey(f"{SCHEMA}.nodes.name", ondelete="CASCADE"), primary_key=True)


def upgrade() -> None:
    create_messaging_tables(SCHEMA)
    op.create_table(
        "nodes",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("url", sa.Text, nullable=False),
        _time("registered_at", now=True),
        sa.Column("report", JSONB, nullable=False, server_default="{}"),
        _time("reported_at"),
        sa.Column("unreached", sa.Text),
        schema=SCHEMA,
    )
    op.create_table(
        "canonical",
        sa.Column("configuration", sa.Text, primary_key=True),
        sa.Column("version", sa.Integer, sa.CheckConstraint("version >= 1"), nullable=False),
        sa.Column("digest", sa.Text, sa.CheckConstraint("digest ~ '^[0-9a-f]{64}$'"), nullable=False),
        sa.Column("size", sa.BigInteger, sa.CheckConstraint("size >= 1"), nullable=False),
        _time("updated_at", now=True),
        schema=SCHEMA,
    )
    _create_deliveries()
    op.create_table(
        "breakers",
        _node(),
        sa.Column("state", sa.Text, sa.CheckConstraint("state in ('closed', 'open', 'half_open')"), nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("trips", sa.Integer, nullable=False),
        _time("opened_at"),
        _time("retry_at"),
        sa.Column("last_error", sa.Text),
        schema=SCHEMA,
    )
    op.create_table(
        "distributions",
        sa.Column("configuration", sa.Text, primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("digest", sa.Text, nullable=False),
        _time("started_at", now=True),
        _time("completed_at"),
        _time("failed_at"),
        schema=SCHEMA,
    )


def _create_deliveries() -> None:
    states = "state in ('pending', 'fetching', 'delivered', 'superseded')"
    op.create_table(
        "deliveries",
        sa.Column("configuration", sa.Text, primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        _node(),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, sa.CheckConstraint(states), nullable=False, server_default="pending"),
        sa.Column("bytes_done", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("detail", sa.Text),
        _time("created_at", now=True),
        _time("updated_at", now=True),
        _time("delivered_at"),
        sa.CheckConstraint("(state = 'delivered') <= (delivered_at is not null)", name="delivered_at_when_delivered"),
        schema=SCHEMA,
    )


def downgrade() -> None:
    for table in ("distributions", "breakers", "deliveries", "canonical", "nodes"):
        op.drop_table(table, schema=SCHEMA)
    for table in ("dead_letters", "feed_cursors", "inbox", "outbox"):
        op.drop_table(table, schema=SCHEMA)
