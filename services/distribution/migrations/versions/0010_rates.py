"""How fast a node's bytes arrive."""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.execute("alter table distribution.deliveries add column bytes_per_second bigint")
