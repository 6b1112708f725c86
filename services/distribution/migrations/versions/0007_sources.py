"""From where the bytes of each delivery came."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.execute(
        "alter table distribution.deliveries add column from_peers bigint not null default 0, "
        "add column from_service bigint not null default 0"
    )
