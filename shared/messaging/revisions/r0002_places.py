"""Places in the feed that mean the same in every cluster, inbox rows by source and id, and an index for each look-up."""

from alembic import op


def upgrade(schema: str) -> None:
    """Change the messaging tables in `schema`. Feeds are read anew once, which the inboxes make harmless."""
    for statement in (
        f"drop index {schema}.outbox_feed",
        f"drop index {schema}.outbox_unpublished",
        f"alter table {schema}.outbox add column sequence bigint unique",
        f"""update {schema}.outbox set sequence = placed.place
            from (select position, row_number() over (order by transaction, position) as place from {schema}.outbox) placed
            where placed.position = outbox.position""",
        f"alter table {schema}.outbox drop column transaction",
        f"create index outbox_by_type on {schema}.outbox (type, sequence)",
        f"create index outbox_unordered on {schema}.outbox (position) where sequence is null",
        f"create index outbox_unpublished on {schema}.outbox (sequence) where published_at is null",
        f"alter table {schema}.inbox drop constraint inbox_pkey",
        f"alter table {schema}.inbox alter column event_id type text",
        f"alter table {schema}.inbox add column summary text",
        f"alter table {schema}.inbox add primary key (source, event_id)",
        f"create index inbox_by_time on {schema}.inbox (handled_at)",
        f"delete from {schema}.feed_cursors",
    ):
        op.execute(statement)
