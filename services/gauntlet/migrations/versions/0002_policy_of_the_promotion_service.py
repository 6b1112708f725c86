"""The gate policy comes from the promotion service, may be waited for, and is remembered."""

from alembic import op

revision = "0002"
down_revision = "0001"
STATEMENTS = (
    "alter table gauntlet.evaluations alter column gates drop not null",
    "alter table gauntlet.evaluations add column games integer check (games >= 1)",
    "alter table gauntlet.evaluations add column policy_id text",
    "alter table gauntlet.evaluations add column waits_for text",
    """alter table gauntlet.evaluations add constraint queued_has_policy
        check (state not in ('queued', 'running', 'completed') or gates is not null)""",
    "alter table gauntlet.evaluations add constraint only_received_waits check (waits_for is null or state = 'received')",
    """create table gauntlet.policies (
        configuration text primary key,
        policy_id text not null,
        gates jsonb not null,
        read_at timestamptz not null default now()
    )""",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
