"""Gate policies that people set for a configuration, as versions of which none changes."""

from alembic import op

revision = "0008"
down_revision = "0007"
STATEMENTS = (
    """create table promotion.policy_versions (
        configuration text not null,
        version integer not null check (version >= 1),
        policy_id text references promotion.policies (id),
        reason text not null,
        set_by text not null,
        set_at timestamptz not null default clock_timestamp(),
        primary key (configuration, version)
    )""",
    """create trigger append_only before update or delete or truncate on promotion.policy_versions
        for each statement execute function promotion.refuse_change()""",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
