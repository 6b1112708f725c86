"""Gate policies with names; what became of a judged candidate, beside the verdict of its games."""

from alembic import op

revision = "0002"
down_revision = "0001"
CODES = """('gates_passed', 'games_skipped', 'rolled_back', 'dry_run', 'request_ended', 'artifact_missing', 'auto_promote_off',
    'evaluated_again', 'gates_failed', 'already_canonical', 'games_inconclusive', 'evidence_invalid')"""
STATEMENTS = (
    """create table promotion.policies (
        id text primary key check (id ~ '^[0-9a-f]{16}$'),
        gates jsonb not null,
        issued_at timestamptz not null default now()
    )""",
    """create trigger append_only before update or delete or truncate on promotion.policies
        for each statement execute function promotion.refuse_change()""",
    """alter table promotion.decisions add column policy_id text""",
    """alter table promotion.decisions add column disposition text
        check (disposition in ('promoted', 'withheld', 'awaiting', 'refused'))""",
    f"alter table promotion.decisions add column code text check (code in {CODES})",
    "alter table promotion.promotion_requests add column code text",
    "alter table promotion.decisions disable trigger append_only",
    """update promotion.decisions decision set
        disposition = case
            when version.kind is not null then 'promoted'
            when self.verdict = 'passed' then 'withheld'
            when self.verdict = 'stale' then 'awaiting'
            else 'refused' end,
        code = case
            when version.kind = 'rollback' then 'rolled_back'
            when version.kind = 'forced' then 'games_skipped'
            when version.kind is not null then 'gates_passed'
            when self.verdict = 'passed' and request.dry_run then 'dry_run'
            when self.verdict = 'passed' and request.id is not null then 'request_ended'
            when self.verdict = 'passed' then 'artifact_missing'
            when self.verdict = 'stale' then 'evaluated_again'
            when self.verdict = 'inconclusive' then 'games_inconclusive'
            when self.verdict = 'invalid' then 'evidence_invalid'
            else 'gates_failed' end
        from promotion.decisions self
        left join promotion.canonical_versions version on version.decision_id = self.id
        left join promotion.evaluations evaluation on evaluation.id = self.evaluation_id
        left join promotion.promotion_requests request on request.id = evaluation.request_id
        where self.id = decision.id""",
    "alter table promotion.decisions enable trigger append_only",
    "alter table promotion.decisions alter column disposition set not null, alter column code set not null",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
