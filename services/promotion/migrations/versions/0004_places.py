"""Places in the feed, and an index for each look-up of the ledger."""

from alembic import op

from shared.messaging.revisions import r0002_places as messaging

revision = "0004"
down_revision = "0003"
SCHEMA = "promotion"
STATEMENTS = (
    "create index if not exists decisions_by_time on promotion.decisions (decided_at desc)",
    "create index if not exists decisions_by_configuration on promotion.decisions (configuration, decided_at desc)",
    "create index if not exists decisions_by_evaluation on promotion.decisions (evaluation_id)",
    "create index if not exists versions_by_digest on promotion.canonical_versions (digest, promoted_at desc)",
    "create index if not exists requests_open on promotion.promotion_requests (requested_at) where state = 'open'",
)


def upgrade() -> None:
    messaging.upgrade(SCHEMA)
    for statement in STATEMENTS:
        op.execute(statement)
