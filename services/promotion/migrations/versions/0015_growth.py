"""An index for each list and look-up that would walk through a long history."""

from alembic import op

revision = "0015"
down_revision = "0012"
STATEMENTS = (
    "create index versions_by_time on promotion.canonical_versions (configuration, promoted_at desc, version desc)",
    "create index approvals_by_configuration on promotion.approvals (configuration, asked_at desc, decision_id)",
    "create index approvals_by_state on promotion.approvals (state, asked_at desc, decision_id)",
    "create index holds_by_configuration on promotion.holds (configuration, placed_at desc, id)",
    "create index holds_in_force on promotion.holds (placed_at desc, id) where lifted_at is null",
    """create index waivers_owed on promotion.waivers (configuration, version)
        where state not in ('confirmed', 'superseded')""",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
