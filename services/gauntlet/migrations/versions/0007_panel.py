"""Canonical versions of the past are known, and met beside the gates."""

from alembic import op

revision = "0007"
down_revision = "0006"
_OPPONENTS = "check (opponent in ('random', 'heuristic', 'previous', 'previous_5', 'previous_20'))"
STATEMENTS = (
    "alter table gauntlet.canonical_versions drop constraint canonical_versions_pkey",
    "alter table gauntlet.canonical_versions add primary key (configuration, version)",
    "alter table gauntlet.evaluations add column panel jsonb not null default '[]'",
    *(
        f"""alter table gauntlet.{table}
            drop constraint {table}_opponent_check, add constraint {table}_opponent_check {_OPPONENTS}"""
        for table in ("games", "claims")
    ),
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
