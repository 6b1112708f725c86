"""Evaluations with their leases, their games, the canonical versions to meet, and the messaging tables."""

from alembic import op

from shared.messaging.revisions import r0001_initial as messaging

revision = "0001"
down_revision = None
SCHEMA = "gauntlet"
STATEMENTS = (
    """create table gauntlet.evaluations (
        id uuid primary key,
        configuration text not null,
        reason text not null check (reason in ('training', 'request', 'manual', 'forced', 'stale')),
        cause jsonb,
        request_id uuid,
        idempotency_key text unique,
        model_path text,
        announced_digest text,
        gates jsonb not null,
        play jsonb not null,
        skip_games boolean not null,
        state text not null default 'received'
            check (state in ('received', 'queued', 'running', 'completed', 'failed')),
        digest text check (digest ~ '^[0-9a-f]{64}$'),
        size bigint check (size > 0),
        seed bigint check (seed >= 0),
        previous_version integer,
        previous_digest text,
        model jsonb,
        attempts integer not null default 0,
        lease_owner uuid,
        lease_until timestamptz,
        revision bigint not null default 0,
        evidence jsonb,
        failure_code text,
        failure_reason text,
        requested_at timestamptz not null default now(),
        started_at timestamptz,
        ended_at timestamptz,
        constraint names_a_model check (model_path is not null or announced_digest is not null),
        constraint queued_has_bytes check (state not in ('queued', 'running', 'completed') or digest is not null),
        constraint running_has_lease check ((state = 'running') = (lease_owner is not null and lease_until is not null)),
        constraint completed_has_evidence check ((state = 'completed') = (evidence is not null)),
        constraint failed_has_reason check ((state = 'failed') = (failure_code is not null and failure_reason is not null)),
        constraint ended_has_time check ((state in ('completed', 'failed')) = (ended_at is not null)),
        constraint met_whole_reference check ((previous_version is null) = (previous_digest is null))
    )""",
    "create unique index one_running on gauntlet.evaluations (configuration) where state = 'running'",
    "create index open_evaluations on gauntlet.evaluations (requested_at) where state in ('received', 'queued', 'running')",
    "create index by_time on gauntlet.evaluations (requested_at desc, id)",
    """create table gauntlet.games (
        evaluation_id uuid not null references gauntlet.evaluations (id),
        opponent text not null check (opponent in ('random', 'heuristic', 'previous')),
        index integer not null check (index >= 0),
        seed bigint not null,
        opening_seed bigint not null,
        seat integer not null check (seat between 0 and 3),
        outcome text not null check (outcome in ('win', 'draw', 'loss', 'truncated', 'errored')),
        units integer check (units >= 0),
        decisions integer not null,
        network_evaluations bigint not null,
        moves text not null,
        error text,
        primary key (evaluation_id, opponent, index),
        unique (evaluation_id, seed),
        constraint scored_unless_unfinished check ((units is null) = (outcome in ('truncated', 'errored'))),
        constraint errored_says_why check ((error is not null) = (outcome = 'errored'))
    )""",
    """create table gauntlet.canonical_versions (
        configuration text primary key,
        version integer not null check (version >= 1),
        digest text not null check (digest ~ '^[0-9a-f]{64}$')
    )""",
    """create function gauntlet.refuse_reopening() returns trigger language plpgsql as $$
        begin raise exception 'evaluation % has ended and cannot change', old.id; end $$""",
    """create trigger ended_is_final before update on gauntlet.evaluations
        for each row when (old.ended_at is not null) execute function gauntlet.refuse_reopening()""",
)


def upgrade() -> None:
    messaging.upgrade(SCHEMA)
    for statement in STATEMENTS:
        op.execute(statement)
