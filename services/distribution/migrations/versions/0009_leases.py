"""Which process of the service leads, and what people want its daemon to look at anew."""

from alembic import op

revision = "0009"
down_revision = "0008"
STATEMENTS = (
    """create table distribution.leases (
        name text primary key,
        holder text not null,
        holder_name text not null,
        term bigint not null,
        until timestamptz not null,
        seconds double precision not null check (seconds > 0),
        said jsonb not null default '{}'
    )""",
    """create table distribution.looks (
        id bigint generated always as identity primary key,
        node text
    )""",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
