"""Outbox, inbox, feed cursors and dead letters."""

from alembic import op


def upgrade(schema: str) -> None:
    """Create the four tables in `schema`."""
    for statement in (
        f"""create table {schema}.outbox (
            position bigint generated always as identity primary key,
            transaction xid8 not null default pg_current_xact_id(),
            event_id uuid not null unique,
            type text not null,
            subject text not null,
            event jsonb not null,
            created_at timestamptz not null default now(),
            published_at timestamptz
        )""",
        f"create index outbox_feed on {schema}.outbox (transaction, position)",
        f"create index outbox_unpublished on {schema}.outbox (position) where published_at is null",
        f"""create table {schema}.inbox (
            event_id uuid primary key,
            type text not null,
            subject text not null,
            source text not null,
            handled_at timestamptz not null default now()
        )""",
        f"""create table {schema}.feed_cursors (
            producer text primary key,
            cursor text not null,
            read_at timestamptz not null default now()
        )""",
        f"""create table {schema}.dead_letters (
            id bigint generated always as identity primary key,
            fingerprint text not null unique,
            event_id text,
            subject text not null,
            payload text not null,
            reason text not null,
            deliveries integer not null,
            died_at timestamptz not null default now(),
            replayed_at timestamptz
        )""",
    ):
        op.execute(statement)
