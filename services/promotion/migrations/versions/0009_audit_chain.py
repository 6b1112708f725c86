"""The audit as chains, one for each configuration: every row has its place, the hash of the one before and its own."""

import hashlib
import json
from datetime import UTC
from typing import Any

from alembic import op
from sqlalchemy import text

revision = "0009"
down_revision = "0008"
ACTIONS = (
    "'ask', 'force', 'move', 'approve', 'reject', 'rollback', 'redistribute', 'pause', 'resume', 'pin', 'unpin', 'mark', "
    "'unmark', 'set_policy', 'reset_policy', 'create_key', 'revoke_key'"
)
RENAMED = {
    "promote": "move",
    "lift pause": "resume",
    "lift pin": "unpin",
    "lift mark": "unmark",
    "policy": "set_policy",
}
BEFORE = (
    "alter table promotion.audit disable trigger append_only",
    "alter table promotion.audit rename column detail to subject",
    """alter table promotion.audit
        add column configuration text,
        add column sequence integer,
        add column address text,
        add column reason text,
        add column previous text,
        add column hash text""",
)
CHAINED = """update promotion.audit set configuration = :configuration, sequence = :sequence, action = :action, reason = :reason,
    subject = cast(:subject as jsonb), previous = :previous, hash = :hash where id = :id"""
AFTER = (
    f"""alter table promotion.audit
        alter column sequence set not null,
        alter column hash set not null,
        add constraint audit_action_check check (action in ({ACTIONS})),
        add constraint sequence_counts check (sequence >= 1),
        add constraint hash_is_one check (hash ~ '^[0-9a-f]{{64}}$'),
        add constraint first_follows_none check ((sequence = 1) = (previous is null))""",
    "create unique index audit_chain on promotion.audit (coalesce(configuration, ''), sequence)",
    "create index audit_moves on promotion.audit (configuration, (subject ->> 'version')) where action = 'move'",
    """create function promotion.next_row_only() returns trigger language plpgsql as $$
        declare last record;
        begin
            select sequence, hash into last from promotion.audit
                where coalesce(configuration, '') = coalesce(new.configuration, '') order by sequence desc limit 1;
            if new.sequence <> coalesce(last.sequence, 0) + 1 or new.previous is distinct from last.hash then
                raise exception 'row % does not follow row % of %', new.sequence, last.sequence, new.configuration;
            end if;
            return new;
        end $$""",
    """create trigger next_row_only before insert on promotion.audit
        for each row execute function promotion.next_row_only()""",
    "alter table promotion.audit enable trigger append_only",
)


def upgrade() -> None:
    for statement in BEFORE:
        op.execute(statement)
    chain_rows()
    for statement in AFTER:
        op.execute(statement)


def chain_rows() -> None:
    """Give the rows that are there their places and hashes, in the order in which they were written."""
    connection, last = op.get_bind(), dict[str | None, tuple[int, str]]()
    rows = connection.execute(text("select id, at, actor, action, subject from promotion.audit order by id")).all()
    for row in rows:
        subject = {name: each for name, each in row.subject.items() if each is not None}
        configuration, reason = subject.pop("configuration", None), subject.pop("reason", None)
        sequence, previous = last.get(configuration, (0, None))
        content: dict[str, Any] = {
            "configuration": configuration,
            "sequence": sequence + 1,
            "at": row.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "actor": row.actor,
            "address": None,
            "action": _action(row.action, subject),
            "subject": subject,
            "reason": reason,
            "previous": previous,
        }
        written = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        content["hash"] = hashlib.sha256(written.encode()).hexdigest()
        last[configuration] = sequence + 1, content["hash"]
        connection.execute(text(CHAINED), {**content, "subject": json.dumps(subject), "id": row.id})


def _action(before: str, subject: dict[str, Any]) -> str:
    """What an act is called now."""
    if before == "policy" and "policy" not in subject:
        return "reset_policy"
    return RENAMED.get(before, before)
