"""When each game was recorded, so that it can be told how fast they come; unknown of those from before."""

from alembic import op

revision = "0008"
down_revision = "0007"
STATEMENTS = (
    "alter table gauntlet.games add column recorded_at timestamptz",
    "alter table gauntlet.games alter column recorded_at set default clock_timestamp()",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
