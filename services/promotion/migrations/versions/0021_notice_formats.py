"""Webhooks have a format: the event itself, or a message for a chat."""

from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.execute(
        "alter table promotion.webhooks add column format text not null default 'json' "
        "check (format in ('json', 'slack', 'discord'))"
    )
