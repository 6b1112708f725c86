"""What is known of each configuration's candidates, for the weights of the curriculum."""

from alembic import op

revision = "0012"
down_revision = "0011"
STATEMENTS = (
    """create table promotion.curriculum (
        configuration text primary key,
        struggle double precision not null check (struggle between 0 and 1),
        candidates integer not null check (candidates >= 0),
        since timestamptz not null,
        decision_id uuid references promotion.decisions (id),
        updated_at timestamptz not null default clock_timestamp()
    )""",
    # of the candidates from before nothing is learnt but when the configuration was promoted last, or first seen
    """insert into promotion.curriculum (configuration, struggle, candidates, since)
        select decision.configuration, 0.5, 0, coalesce(max(version.promoted_at), min(decision.decided_at))
        from promotion.decisions decision
        left join promotion.canonical_versions version on version.decision_id = decision.id
        group by decision.configuration""",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
