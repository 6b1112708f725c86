"""What people decide: holds, approvals, waivers; who asked for what, and where they saw the pointer."""

from alembic import op

revision = "0007"
down_revision = "0006"
PROMOTED = "'gates_passed', 'games_skipped', 'rolled_back', 'approved'"
WITHHELD = "'dry_run', 'request_ended', 'artifact_missing', 'version_moved', 'reviewed'"
AWAITING = "'auto_promote_off', 'evaluated_again', 'paused', 'pinned', 'too_soon'"
REFUSED = "'gates_failed', 'already_canonical', 'games_inconclusive', 'evidence_invalid', 'marked_bad', 'rejected'"
CODES = f"{PROMOTED}, {WITHHELD}, {AWAITING}, {REFUSED}"
FAILURES = (
    "'model_not_found', 'path_refused', 'digest_mismatch', 'model_invalid', 'worker_lost', 'too_slow', 'cancelled', "
    "'internal'"
)
DIGEST = "text check (digest ~ '^[0-9a-f]{64}$')"
STATEMENTS = (
    "alter table promotion.decisions drop constraint decisions_code_check, drop constraint code_of_its_disposition",
    f"""alter table promotion.decisions
        add constraint decisions_code_check check (code in ({CODES})),
        add constraint code_of_its_disposition check (disposition = case
            when code in ({PROMOTED}) then 'promoted'
            when code in ({WITHHELD}) then 'withheld'
            when code in ({AWAITING}) then 'awaiting'
            else 'refused'
        end)""",
    "alter table promotion.promotion_requests drop constraint promotion_requests_code_check",
    f"""alter table promotion.promotion_requests
        add constraint promotion_requests_code_check check (code in ({CODES}, {FAILURES})),
        add column asked_by text not null default 'unknown',
        add column why text,
        add column seen_version integer""",
    # an evaluation is judged once; a person's approval is another decision on the same evidence
    "alter table promotion.decisions drop constraint decisions_evaluation_id_key",
    "alter table promotion.decisions add column approves uuid unique references promotion.decisions (id)",
    "create unique index judged_once on promotion.decisions (evaluation_id) where approves is null",
    f"""create table promotion.holds (
        id uuid primary key,
        configuration text not null,
        kind text not null check (kind in ('pause', 'pin', 'mark')),
        version integer,
        digest {DIGEST},
        reason text not null,
        placed_by text not null,
        placed_at timestamptz not null default clock_timestamp(),
        lifted_by text,
        lifted_at timestamptz,
        lifted_because text,
        constraint pin_has_version check ((kind = 'pin') = (version is not null)),
        constraint mark_has_digest check ((kind = 'mark') = (digest is not null)),
        constraint lifted_by_somebody check (num_nulls(lifted_by, lifted_at, lifted_because) in (0, 3)),
        foreign key (configuration, version) references promotion.canonical_versions (configuration, version)
    )""",
    """create unique index placed_once on promotion.holds (configuration, kind, coalesce(digest, ''))
        where lifted_at is null""",
    "create index holds_by_time on promotion.holds (placed_at desc, id)",
    f"""create table promotion.approvals (
        decision_id uuid primary key references promotion.decisions (id),
        configuration text not null,
        digest {DIGEST} not null,
        state text not null default 'awaiting' check (state in ('awaiting', 'approved', 'rejected', 'superseded')),
        asked_at timestamptz not null default clock_timestamp(),
        deadline timestamptz not null,
        closed_at timestamptz,
        closed_by text,
        reason text,
        constraint closed_by_somebody check (
            (state = 'awaiting') = (closed_at is null) and num_nulls(closed_at, closed_by) in (0, 2)
        )
    )""",
    "create index approvals_by_time on promotion.approvals (asked_at desc, decision_id)",
    "create index approvals_awaiting on promotion.approvals (configuration) where state = 'awaiting'",
    f"""create table promotion.waivers (
        id uuid primary key,
        configuration text not null,
        version integer not null,
        digest {DIGEST} not null,
        reason text not null,
        granted_by text not null,
        granted_at timestamptz not null default clock_timestamp(),
        expires_at timestamptz not null,
        state text not null default 'open' check (state in ('open', 'confirmed', 'failed', 'unevaluated', 'superseded')),
        finding text,
        decision_id uuid references promotion.decisions (id),
        closed_at timestamptz,
        constraint closed_has_time check ((state = 'open') = (closed_at is null)),
        foreign key (configuration, version) references promotion.canonical_versions (configuration, version)
    )""",
    "create index waivers_by_time on promotion.waivers (configuration, granted_at desc)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
