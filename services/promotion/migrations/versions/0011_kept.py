"""What people asked for and laid on configurations is ended, and never removed."""

from alembic import op

revision = "0011"
down_revision = "0010"
KEPT = ("promotion_requests", "holds", "approvals", "waivers")


def upgrade() -> None:
    for table in KEPT:
        op.execute(
            f"""create trigger is_kept before delete or truncate on promotion.{table}
            for each statement execute function promotion.refuse_removal()"""
        )
