"""What nodes say of damaged files, their agent's version, and their disk."""

from alembic import op

revision = "0003"
down_revision = "0002"
STATEMENTS = (
    "alter table distribution.nodes add column damaged jsonb not null default '{}'",
    "alter table distribution.nodes add column agent_version text",
    "alter table distribution.nodes add column free_bytes bigint",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
