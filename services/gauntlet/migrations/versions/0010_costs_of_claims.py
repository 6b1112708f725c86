"""What was told of the cost of each claim, and claims that are over and whose workers have not said their last."""

from alembic import op

revision = "0010"
down_revision = "0009"
COLUMNS = """alter table gauntlet.claims
    add column is_over boolean not null default false,
    add column cpu_seconds double precision not null default 0 check (cpu_seconds >= 0),
    add column forward_seconds double precision not null default 0 check (forward_seconds >= 0),
    add column surplus_games integer not null default 0 check (surplus_games >= 0)"""


def upgrade() -> None:
    op.execute(COLUMNS)
