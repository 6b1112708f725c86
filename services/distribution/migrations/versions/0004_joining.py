"""Nodes that register themselves, what they are and play, those that were deleted or isolated, and what was played with."""

from alembic import op

revision = "0004"
down_revision = "0003"
STATEMENTS = (
    "alter table distribution.nodes add column instance text",
    "alter table distribution.nodes add column labels jsonb not null default '{}'",
    "alter table distribution.nodes add column plays jsonb",
    "alter table distribution.nodes add column reloads jsonb not null default '{}'",
    "alter table distribution.nodes add column clock_skew_seconds integer",
    "alter table distribution.nodes add column rival text",
    "alter table distribution.nodes add column rival_at timestamptz",
    "alter table distribution.nodes add column isolated jsonb",
    "alter table distribution.deliveries add column played_at timestamptz",
    "alter table distribution.breakers add column recent text not null default ''",
    """create table distribution.removed_nodes (
        name text primary key,
        removed_at timestamptz not null default now()
    )""",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
