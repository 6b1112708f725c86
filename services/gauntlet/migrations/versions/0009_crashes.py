"""Crash dossiers are kept with their evaluation."""

from alembic import op

revision = "0009"
down_revision = "0008"
CRASHES = """create table gauntlet.crashes (
    evaluation_id uuid not null references gauntlet.evaluations (id),
    number integer not null check (number >= 1),
    claim_id uuid not null,
    worker text not null,
    dossier jsonb not null,
    reported_at timestamptz not null default clock_timestamp(),
    primary key (evaluation_id, number)
)"""


def upgrade() -> None:
    op.execute(CRASHES)
