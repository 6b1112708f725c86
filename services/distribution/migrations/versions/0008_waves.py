"""How far the waves of a distribution are, and who stopped them."""

from alembic import op

revision = "0008"
down_revision = "0007"
STATEMENTS = (
    "alter table distribution.distributions add column wave integer not null default 1 check (wave >= 1)",
    "alter table distribution.distributions add column wave_at timestamptz not null default now()",
    "alter table distribution.distributions add column wave_completed_at timestamptz",
    """alter table distribution.distributions add column rollout text not null default 'running'
        check (rollout in ('running', 'paused', 'aborted'))""",
    "alter table distribution.distributions add column reason text",
    "alter table distribution.distributions add column changed_by text",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
