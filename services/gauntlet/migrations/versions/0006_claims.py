"""Games of an evaluation are claimed in blocks, by many workers at once, instead of an evaluation by one runner."""

from alembic import op

revision = "0006"
down_revision = "0005"
STATEMENTS = (
    "drop index gauntlet.one_running",
    """alter table gauntlet.evaluations
        drop constraint running_has_lease,
        drop column lease_owner,
        drop column lease_until,
        add column confinement text check (confinement in ('full', 'partial', 'none')),
        add column cpu_seconds double precision not null default 0 check (cpu_seconds >= 0),
        add column forward_seconds double precision not null default 0 check (forward_seconds >= 0),
        add column surplus_games integer not null default 0 check (surplus_games >= 0)""",
    # an evaluation that nobody had begun to play waits as if it had not been claimed
    "update gauntlet.evaluations set state = 'queued' where state = 'running' and started_at is null",
    "create index running on gauntlet.evaluations (configuration) where state = 'running'",
    """create table gauntlet.claims (
        id uuid primary key,
        evaluation_id uuid not null references gauntlet.evaluations (id),
        worker text not null,
        opponent text check (opponent in ('random', 'heuristic', 'previous')),
        first integer check (first >= 0),
        games integer check (games > 0),
        issued_at timestamptz not null default clock_timestamp(),
        until timestamptz not null,
        constraint whole_blocks check (num_nulls(opponent, first, games) in (0, 3))
    )""",
    "create index of_evaluation on gauntlet.claims (evaluation_id)",
    """create table gauntlet.disputes (
        id bigint generated always as identity primary key,
        evaluation_id uuid not null references gauntlet.evaluations (id),
        opponent text not null,
        index integer not null,
        worker text not null,
        reported jsonb not null,
        reported_at timestamptz not null default clock_timestamp()
    )""",
    "create index disputes_of_evaluation on gauntlet.disputes (evaluation_id)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
