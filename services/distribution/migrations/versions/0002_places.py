"""Places in the feed."""

from shared.messaging.revisions import r0002_places as messaging

revision = "0002"
down_revision = "0001"
SCHEMA = "distribution"


def upgrade() -> None:
    messaging.upgrade(SCHEMA)
