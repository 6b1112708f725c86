"""In which epoch of the ledger each version is desired."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.execute("alter table distribution.canonical add column epoch bigint not null default 0")
