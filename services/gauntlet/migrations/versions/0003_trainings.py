"""Trainings by source and id, places in the feed, and an index for each look-up of an evaluation."""

from alembic import op

from shared.messaging.revisions import r0002_places as messaging

revision = "0003"
down_revision = "0002"
SCHEMA = "gauntlet"
STATEMENTS = (
    """create table gauntlet.trainings (
        id uuid primary key,
        source text not null,
        event_id text not null,
        door text not null check (door in ('http', 'nats')),
        state text not null check (state in ('accepted', 'rejected')),
        fingerprint text not null,
        event jsonb not null,
        configuration text,
        reason text,
        notes text[] not null default '{}',
        received_at timestamptz not null default now(),
        unique (source, event_id),
        constraint rejected_says_why check ((state = 'rejected') = (reason is not null)),
        constraint accepted_has_configuration check (state = 'rejected' or configuration is not null)
    )""",
    """insert into gauntlet.trainings (id, source, event_id, door, state, fingerprint, event, configuration, received_at)
        select id, cause ->> 'source', cause ->> 'id', 'nats', 'accepted', '', cause, configuration, requested_at
        from gauntlet.evaluations where reason = 'training' and cause is not null""",
    "create index trainings_by_time on gauntlet.trainings (received_at desc, id)",
    "create index rejected_trainings on gauntlet.trainings (received_at) where state = 'rejected'",
    "create index evaluations_by_configuration on gauntlet.evaluations (configuration, requested_at desc, id)",
    "create index evaluations_by_state on gauntlet.evaluations (state, requested_at desc, id)",
    "create index evaluations_by_request on gauntlet.evaluations (request_id) where request_id is not null",
)


def upgrade() -> None:
    messaging.upgrade(SCHEMA)
    for statement in STATEMENTS:
        op.execute(statement)
