"""The signed pointer: what was signed last, as nodes verify it."""

from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.execute(
        """create table promotion.signed_pointer (
            version bigint primary key check (version > 0),
            expires_at timestamptz not null,
            pointed jsonb not null,
            files jsonb not null,
            signed_at timestamptz not null default clock_timestamp()
        )"""
    )
