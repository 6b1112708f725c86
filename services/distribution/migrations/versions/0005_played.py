"""Which deliveries ended in a model that is played with."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.execute("alter table distribution.deliveries add column played boolean not null default false")
