"""Evaluations whose games somebody wants to see though nothing is to be promoted; finding those of the same model."""

from alembic import op

revision = "0011"
down_revision = "0010"
STATEMENTS = (
    "alter table gauntlet.evaluations drop constraint evaluations_reason_check",
    """alter table gauntlet.evaluations add constraint evaluations_reason_check
        check (reason in ('training', 'request', 'manual', 'forced', 'stale', 'review'))""",
    "create index evaluations_of_model on gauntlet.evaluations (digest, configuration) where state = 'completed'",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
