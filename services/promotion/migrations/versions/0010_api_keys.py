"""API keys that people made: of each its hash, what it is good for, and what became of it."""

from alembic import op

revision = "0010"
down_revision = "0009"
STATEMENTS = (
    """create table promotion.api_keys (
        id text primary key check (id ~ '^[0-9a-f]{8}$'),
        name text not null,
        service text not null check (service in ('gauntlet', 'promotion', 'distribution')),
        scope text not null check (scope in ('read', 'operate', 'force', 'node', 'train', 'play')),
        hash text not null unique check (hash ~ '^[0-9a-f]{64}$'),
        created_by text not null,
        created_at timestamptz not null default clock_timestamp(),
        expires_at timestamptz,
        last_used_on date,
        revoked_by text,
        revoked_at timestamptz,
        revoked_because text,
        constraint revoked_by_somebody check (num_nulls(revoked_by, revoked_at, revoked_because) in (0, 3))
    )""",
    "create index api_keys_by_time on promotion.api_keys (created_at desc, id)",
    """create function promotion.refuse_other_key() returns trigger language plpgsql as $$
        begin
            if to_jsonb(old) - 'last_used_on' - 'revoked_by' - 'revoked_at' - 'revoked_because'
                <> to_jsonb(new) - 'last_used_on' - 'revoked_by' - 'revoked_at' - 'revoked_because'
                or (old.revoked_at is not null and new.revoked_at is distinct from old.revoked_at)
            then
                raise exception 'key % stays what it is', old.id;
            end if;
            return new;
        end $$""",
    """create trigger stays_itself before update on promotion.api_keys
        for each row execute function promotion.refuse_other_key()""",
    """create function promotion.refuse_removal() returns trigger language plpgsql as $$
        begin raise exception 'what is in % is kept', tg_table_name; end $$""",
    """create trigger is_kept before delete or truncate on promotion.api_keys
        for each statement execute function promotion.refuse_removal()""",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
