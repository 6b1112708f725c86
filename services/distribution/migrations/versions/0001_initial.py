"""Nodes, desired versions, deliveries, breakers, distributions, and the messaging tables."""

from alembic import op

from shared.messaging.revisions import r0001_initial as messaging

revision = "0001"
down_revision = None
SCHEMA = "distribution"
NODE = "text not null references distribution.nodes (name) on delete cascade"
STATEMENTS = (
    """create table distribution.nodes (
        name text primary key,
        url text not null,
        registered_at timestamptz not null default now(),
        report jsonb not null default '{}',
        reported_at timestamptz,
        unreached text
    )""",
    """create table distribution.canonical (
        configuration text primary key,
        version integer not null check (version >= 1),
        digest text not null check (digest ~ '^[0-9a-f]{64}$'),
        size bigint not null check (size >= 1),
        updated_at timestamptz not null default now()
    )""",
    f"""create table distribution.deliveries (
        configuration text not null,
        version integer not null,
        node {NODE},
        digest text not null,
        size bigint not null,
        state text not null default 'pending' check (state in ('pending', 'fetching', 'delivered', 'superseded')),
        bytes_done bigint not null default '0'::bigint,
        detail text,
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now(),
        delivered_at timestamptz,
        primary key (configuration, version, node),
        constraint delivered_at_when_delivered check ((state = 'delivered') <= (delivered_at is not null))
    )""",
    f"""create table distribution.breakers (
        node {NODE} primary key,
        state text not null check (state in ('closed', 'open', 'half_open')),
        failures integer not null,
        trips integer not null,
        opened_at timestamptz,
        retry_at timestamptz,
        last_error text
    )""",
    """create table distribution.distributions (
        configuration text not null,
        version integer not null,
        digest text not null,
        started_at timestamptz not null default now(),
        completed_at timestamptz,
        failed_at timestamptz,
        primary key (configuration, version)
    )""",
)


def upgrade() -> None:
    messaging.upgrade(SCHEMA)
    for statement in STATEMENTS:
        op.execute(statement)
