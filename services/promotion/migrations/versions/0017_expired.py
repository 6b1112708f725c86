"""Approvals end when their deadline is over, and say so by a code."""

from alembic import op

revision = "0017"
down_revision = "0016"
PROMOTED = "'gates_passed', 'games_skipped', 'rolled_back', 'approved'"
WITHHELD = "'dry_run', 'request_ended', 'artifact_missing', 'version_moved', 'reviewed', 'expired'"
AWAITING = "'auto_promote_off', 'evaluated_again', 'paused', 'pinned', 'too_soon'"
REFUSED = "'gates_failed', 'already_canonical', 'games_inconclusive', 'evidence_invalid', 'marked_bad', 'rejected'"
CODES = f"{PROMOTED}, {WITHHELD}, {AWAITING}, {REFUSED}"
FAILURES = (
    "'model_not_found', 'path_refused', 'digest_mismatch', 'model_invalid', 'worker_lost', 'too_slow', 'cancelled', "
    "'internal'"
)
STATES = "'awaiting', 'approved', 'rejected', 'superseded', 'expired'"
STATEMENTS = (
    "alter table promotion.decisions drop constraint decisions_code_check, drop constraint code_of_its_disposition",
    f"""alter table promotion.decisions
        add constraint decisions_code_check check (code in ({CODES})),
        add constraint code_of_its_disposition check (disposition = case
            when code in ({PROMOTED}) then 'promoted'
            when code in ({WITHHELD}) then 'withheld'
            when code in ({AWAITING}) then 'awaiting'
            else 'refused'
        end)""",
    "alter table promotion.promotion_requests drop constraint promotion_requests_code_check",
    f"""alter table promotion.promotion_requests
        add constraint promotion_requests_code_check check (code in ({CODES}, {FAILURES}))""",
    "alter table promotion.approvals drop constraint approvals_state_check",
    f"alter table promotion.approvals add constraint approvals_state_check check (state in ({STATES}))",
    "create index approvals_overdue on promotion.approvals (deadline) where state = 'awaiting'",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
