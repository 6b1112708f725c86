"""Webhooks, and a notice for each event that one is told of."""

from alembic import op

revision = "0013"
down_revision = "0015"
ACTIONS = (
    "'ask', 'force', 'move', 'approve', 'reject', 'rollback', 'redistribute', 'pause', 'resume', 'pin', 'unpin', 'mark', "
    "'unmark', 'set_policy', 'reset_policy', 'create_key', 'revoke_key', 'add_webhook', 'remove_webhook', 'replay_webhook'"
)
STATEMENTS = (
    "alter table promotion.audit drop constraint audit_action_check",
    f"alter table promotion.audit add constraint audit_action_check check (action in ({ACTIONS}))",
    """create table promotion.webhooks (
        id uuid primary key,
        url text not null,
        types text[] not null,
        secret text not null,
        place bigint not null,
        created_by text not null,
        created_at timestamptz not null default clock_timestamp(),
        last_error text,
        last_error_at timestamptz
    )""",
    """create table promotion.webhook_notices (
        webhook_id uuid not null references promotion.webhooks (id) on delete cascade,
        event_id uuid not null,
        sequence bigint not null,
        type text not null,
        subject text not null,
        event jsonb not null,
        state text not null default 'waiting' check (state in ('waiting', 'taken', 'dead')),
        attempts integer not null default 0,
        due_at timestamptz not null default clock_timestamp(),
        last_error text,
        noted_at timestamptz not null default clock_timestamp(),
        ended_at timestamptz,
        primary key (webhook_id, event_id),
        constraint ended_has_time check ((state = 'waiting') = (ended_at is null))
    )""",
    "create index notices_waiting on promotion.webhook_notices (webhook_id, subject, sequence) where state = 'waiting'",
    "create index notices_by_place on promotion.webhook_notices (webhook_id, sequence desc)",
    "create index notices_ended on promotion.webhook_notices (ended_at) where ended_at is not null",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
