"""What was announced of a model file that does not say it itself: the network that it holds the weights of."""

from alembic import op

revision = "0004"
down_revision = "0003"
STATEMENTS = (
    "alter table gauntlet.evaluations add column architecture text, add column parameters jsonb",
    "create index announced_networks on gauntlet.evaluations (digest, requested_at desc) where architecture is not null",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
