"""Epochs of the ledger: one for each time that it was said to be restored from a backup."""

from alembic import op

revision = "0016"
down_revision = "0013"
ACTIONS = (
    "'ask', 'force', 'move', 'approve', 'reject', 'rollback', 'redistribute', 'pause', 'resume', 'pin', 'unpin', 'mark', "
    "'unmark', 'set_policy', 'reset_policy', 'create_key', 'revoke_key', 'add_webhook', 'remove_webhook', 'replay_webhook', "
    "'restore_ledger'"
)
STATEMENTS = (
    "alter table promotion.audit drop constraint audit_action_check",
    f"alter table promotion.audit add constraint audit_action_check check (action in ({ACTIONS}))",
    """create table promotion.epochs (
        epoch bigint primary key check (epoch >= 1),
        begun_at timestamptz not null default clock_timestamp(),
        begun_by text not null,
        reason text not null
    )""",
    """create trigger append_only before update or delete or truncate on promotion.epochs
        for each statement execute function promotion.refuse_change()""",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
