"""A request may fail because its model is too slow."""

from alembic import op

revision = "0005"
down_revision = "0004"
STATEMENTS = (
    "alter table promotion.promotion_requests drop constraint promotion_requests_code_check",
    """alter table promotion.promotion_requests add constraint promotion_requests_code_check check (code in (
        'gates_passed', 'games_skipped', 'rolled_back', 'dry_run', 'request_ended', 'artifact_missing', 'auto_promote_off',
        'evaluated_again', 'gates_failed', 'already_canonical', 'games_inconclusive', 'evidence_invalid',
        'model_not_found', 'path_refused', 'digest_mismatch', 'model_invalid', 'worker_lost', 'too_slow', 'cancelled', 'internal'
    ))""",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
