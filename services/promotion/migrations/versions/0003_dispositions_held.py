"""Dispositions and policies that the database itself holds together, and truer codes for decisions from before they had any."""

from alembic import op

revision = "0003"
down_revision = "0002"
PROMOTED = "'gates_passed', 'games_skipped', 'rolled_back'"
WITHHELD = "'dry_run', 'request_ended', 'artifact_missing'"
AWAITING = "'auto_promote_off', 'evaluated_again'"
REFUSED = "'gates_failed', 'already_canonical', 'games_inconclusive', 'evidence_invalid'"
CODES = f"{PROMOTED}, {WITHHELD}, {AWAITING}, {REFUSED}"
FAILURES = (
    "'model_not_found', 'path_refused', 'digest_mismatch', 'model_invalid', 'worker_lost', 'cancelled', 'internal'"
)
DISPOSITION = f"""case
        when code in ({PROMOTED}) then 'promoted'
        when code in ({WITHHELD}) then 'withheld'
        when code in ({AWAITING}) then 'awaiting'
        else 'refused'
    end"""
FROM_BEFORE = """
    select decision.id, decision.verdict, version.kind, decision.reasons ->> 0 as reason,
        coalesce((evaluation.evidence ->> 'skipped')::boolean, false) as skipped,
        request.id is not null as requested, coalesce(request.dry_run, false) as dry_run,
        request.decision_id is distinct from decision.id as ended_before,
        exists (
            select from promotion.outbox
            where type = 'MODEL_PROMOTION_FAILED' and event -> 'data' ->> 'decision_id' = decision.id::text
                and event -> 'data' -> 'reasons' ->> 0 like '%RINGRIFT_AUTO_PROMOTE is off%'
        ) as auto_promote_off
    from promotion.decisions decision
    left join promotion.canonical_versions version on version.decision_id = decision.id
    left join promotion.evaluations evaluation on evaluation.id = decision.evaluation_id
    left join promotion.promotion_requests request on request.id = evaluation.request_id
    where decision.policy_id is null"""
STATEMENTS = (
    """insert into promotion.policies (id, gates)
        select distinct on (policy_id) policy_id, policy from promotion.decisions where policy_id is not null
        on conflict do nothing""",
    "alter table promotion.decisions disable trigger append_only",
    f"""update promotion.decisions set code = case
            when before.kind = 'rollback' then 'rolled_back'
            when before.kind is not null and before.skipped then 'games_skipped'
            when before.kind is not null then 'gates_passed'
            when before.verdict = 'stale' then 'evaluated_again'
            when before.verdict = 'inconclusive' then 'games_inconclusive'
            when before.verdict = 'invalid' then 'evidence_invalid'
            when before.verdict = 'failed' and before.reason like 'this model already is canonical version%'
                then 'already_canonical'
            when before.verdict = 'failed' then 'gates_failed'
            when before.dry_run then 'dry_run'
            when before.requested and before.ended_before then 'request_ended'
            when before.auto_promote_off then 'auto_promote_off'
            else 'artifact_missing'
        end from ({FROM_BEFORE}) before where before.id = decisions.id""",
    f"update promotion.decisions set disposition = {DISPOSITION} where policy_id is null",
    "alter table promotion.decisions enable trigger append_only",
    f"""alter table promotion.decisions
        add foreign key (policy_id) references promotion.policies (id),
        add constraint code_of_its_disposition check (disposition = {DISPOSITION}),
        add unique (id, disposition)""",
    """alter table promotion.canonical_versions
        add column disposition text not null generated always as ('promoted') stored,
        add foreign key (decision_id, disposition) references promotion.decisions (id, disposition)""",
    """update promotion.promotion_requests request set code = decision.code
        from promotion.decisions decision where request.code is null and decision.id = request.decision_id""",
    f"""update promotion.promotion_requests set code = split_part(reason, ': ', 1)
        where code is null and state = 'failed' and split_part(reason, ': ', 1) in ({FAILURES})""",
    f"alter table promotion.promotion_requests add check (code in ({CODES}, {FAILURES}))",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
