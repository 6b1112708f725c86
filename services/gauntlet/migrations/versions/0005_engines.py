"""What played each game."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.execute("alter table gauntlet.games add column engine text check (length(engine) <= 300)")
