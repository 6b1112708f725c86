"""In which epoch of the ledger each canonical version was heard of."""

from alembic import op

revision = "0016"
down_revision = "0014"


def upgrade() -> None:
    op.execute("alter table gauntlet.canonical_versions add column epoch bigint not null default 0")
