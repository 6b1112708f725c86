"""The audit has rows for what people do with the waves of a distribution."""

from alembic import op

revision = "0020"
down_revision = "0019"
ACTIONS = (
    "'ask', 'force', 'move', 'approve', 'reject', 'rollback', 'redistribute', 'pause', 'resume', 'pin', 'unpin', 'mark', "
    "'unmark', 'set_policy', 'reset_policy', 'create_key', 'revoke_key', 'add_webhook', 'remove_webhook', 'replay_webhook', "
    "'restore_ledger', 'cancel', 'redeliver', 'register_node', 'move_node', 'remove_node', 'isolate_node', 'release_node', "
    "'pause_distribution', 'resume_distribution', 'advance_distribution', 'abort_distribution'"
)


def upgrade() -> None:
    op.execute("alter table promotion.audit drop constraint audit_action_check")
    op.execute(f"alter table promotion.audit add constraint audit_action_check check (action in ({ACTIONS}))")
