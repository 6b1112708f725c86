"""The ledger: artifacts, evaluations, decisions, canonical versions, requests, audit, projections, and the messaging tables."""

from alembic import op

from shared.messaging.revisions import r0001_initial as messaging

revision = "0001"
down_revision = None
SCHEMA = "promotion"
DIGEST = "text not null check (digest ~ '^[0-9a-f]{64}$')"
APPEND_ONLY = ("artifacts", "evaluations", "evaluation_opponents", "decisions", "canonical_versions", "audit")
STATEMENTS = (
    """create function promotion.total(counts integer[]) returns bigint language sql immutable
        as 'select coalesce(sum(each), 0) from unnest(counts) each'""",
    f"""create table promotion.artifacts (
        digest {DIGEST} primary key,
        size bigint not null check (size > 0),
        format text not null,
        metadata jsonb not null,
        recorded_at timestamptz not null default now()
    )""",
    """create table promotion.promotion_requests (
        id uuid primary key,
        configuration text not null,
        model_path text not null,
        games integer,
        kind text not null check (kind in ('manual', 'forced')),
        dry_run boolean not null,
        idempotency_key text unique,
        state text not null default 'open' check (state in ('open', 'promoted', 'refused', 'failed')),
        reason text,
        decision_id uuid,
        requested_at timestamptz not null default now(),
        closed_at timestamptz
    )""",
    f"""create table promotion.evaluations (
        id uuid not null,
        configuration text not null,
        digest {DIGEST} references promotion.artifacts (digest),
        request_id uuid,
        evidence jsonb not null,
        previous_version integer,
        completed_at timestamptz not null default now(),
        primary key (id),
        unique (id, configuration, digest)
    )""",
    """create table promotion.evaluation_opponents (
        evaluation_id uuid not null references promotion.evaluations (id),
        opponent text not null check (opponent in ('random', 'heuristic', 'previous')),
        games_planned integer not null,
        games integer not null check (games >= 0 and games <= games_planned),
        wins integer not null,
        draws integer not null,
        losses integer not null,
        truncated integer not null,
        errored integer not null,
        score_histogram integer[] not null,
        primary key (evaluation_id, opponent),
        constraint outcomes_not_negative check (least(wins, draws, losses, truncated, errored) >= 0),
        constraint outcomes_sum_to_games check (wins + draws + losses + truncated + errored = games),
        constraint scores_sum_to_outcomes check (promotion.total(score_histogram) = wins + draws + losses)
    )""",
    f"""create table promotion.decisions (
        id uuid not null,
        configuration text not null,
        evaluation_id uuid unique,
        digest {DIGEST} references promotion.artifacts (digest),
        verdict text not null check (verdict in ('passed', 'failed', 'inconclusive', 'stale', 'invalid')),
        reasons jsonb not null,
        policy jsonb not null,
        may_skip boolean not null,
        canonical_version integer,
        decided_at timestamptz not null default now(),
        primary key (id),
        unique (id, configuration, digest, verdict),
        foreign key (evaluation_id, configuration, digest) references promotion.evaluations (id, configuration, digest)
    )""",
    f"""create table promotion.canonical_versions (
        configuration text not null,
        version integer not null check (version >= 1),
        digest {DIGEST},
        decision_id uuid not null unique,
        verdict text not null generated always as ('passed') stored,
        kind text not null check (kind in ('automatic', 'manual', 'forced', 'rollback')),
        promoted_at timestamptz not null default now(),
        promoted_by text not null,
        reason text not null,
        primary key (configuration, version),
        foreign key (decision_id, configuration, digest, verdict)
            references promotion.decisions (id, configuration, digest, verdict)
    )""",
    """alter table promotion.decisions add foreign key (configuration, canonical_version)
        references promotion.canonical_versions (configuration, version)""",
    """alter table promotion.promotion_requests add foreign key (decision_id) references promotion.decisions (id)""",
    """create table promotion.projections (
        configuration text primary key,
        version integer not null,
        projected_at timestamptz not null default now()
    )""",
    """create table promotion.audit (
        id bigint generated always as identity primary key,
        at timestamptz not null default now(),
        actor text not null,
        action text not null,
        detail jsonb not null
    )""",
    """create function promotion.refuse_change() returns trigger language plpgsql as $$
        begin raise exception '% is append-only', tg_table_name; end $$""",
    """create function promotion.next_version_only() returns trigger language plpgsql as $$
        declare head integer;
        begin
            select coalesce(max(version), 0) into head from promotion.canonical_versions where configuration = new.configuration;
            if new.version <> head + 1 then
                raise exception 'version % does not follow % in %', new.version, head, new.configuration;
            end if;
            return new;
        end $$""",
    """create trigger next_version_only before insert on promotion.canonical_versions
        for each row execute function promotion.next_version_only()""",
    *(
        f"""create trigger append_only before update or delete or truncate on promotion.{table}
        for each statement execute function promotion.refuse_change()"""
        for table in APPEND_ONLY
    ),
)


def upgrade() -> None:
    messaging.upgrade(SCHEMA)
    for statement in STATEMENTS:
        op.execute(statement)
