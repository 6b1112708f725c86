"""Which files hold the same weights, by the fingerprints that workers found in them; what a running evaluation waits for."""

from alembic import op

revision = "0012"
down_revision = "0011"
STATEMENTS = (
    """create table gauntlet.weights (
        configuration text not null,
        digest text not null,
        fingerprint text not null,
        place bigint generated always as identity,
        primary key (configuration, digest)
    )""",
    "create index weights_by_fingerprint on gauntlet.weights (configuration, fingerprint, place)",
    """create index evaluations_of_seed on gauntlet.evaluations (seed, configuration) where state = 'completed'""",
    "drop index gauntlet.evaluations_of_model",
    "alter table gauntlet.evaluations drop constraint only_received_waits",
    """alter table gauntlet.evaluations add constraint only_open_ones_wait
        check (waits_for is null or state in ('received', 'running'))""",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
