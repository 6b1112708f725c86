"""A trainer's announcements, newest first, without a walk through those of all the others."""

from alembic import op

revision = "0014"
down_revision = "0012"


def upgrade() -> None:
    op.execute("create index trainings_by_source on gauntlet.trainings (source, received_at desc, id)")
