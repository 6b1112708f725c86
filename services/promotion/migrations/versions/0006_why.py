"""A decision says why the candidate became of it what it did, where what the games say is not the whole reason."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.execute("alter table promotion.decisions add column why text")
