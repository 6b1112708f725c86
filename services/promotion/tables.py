"""The promotion service's tables, in the schema `promotion`, as its queries see them; migrations/ has their constraints."""

from __future__ import annotations

from sqlalchemy import ARRAY, BigInteger, Boolean, Column, Date, DateTime, Double, Integer, MetaData, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from shared.messaging.tables import Messaging

METADATA = MetaData(schema="promotion")
MESSAGING = Messaging(METADATA)
_TIME = DateTime(timezone=True)

artifacts = Table(
    "artifacts",
    METADATA,
    Column("digest", Text, primary_key=True),
    Column("size", BigInteger),
    Column("format", Text),
    Column("metadata", JSONB),
)
promotion_requests = Table(
    "promotion_requests",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("configuration", Text),
    Column("model_path", Text),
    Column("games", Integer),
    Column("kind", Text),
    Column("dry_run", Boolean),
    Column("idempotency_key", Text),
    Column("state", Text),
    Column("code", Text),
    Column("reason", Text),
    Column("decision_id", Uuid),
    Column("asked_by", Text),
    Column("why", Text),
    Column("seen_version", Integer),
    Column("requested_at", _TIME),
    Column("closed_at", _TIME),
)
policies = Table(
    "policies",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("gates", JSONB),
    Column("issued_at", _TIME),
)
policy_versions = Table(
    "policy_versions",
    METADATA,
    Column("configuration", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("policy_id", Text),
    Column("reason", Text),
    Column("set_by", Text),
    Column("set_at", _TIME),
)
evaluations = Table(
    "evaluations",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("configuration", Text),
    Column("digest", Text),
    Column("request_id", Uuid),
    Column("evidence", JSONB),
    Column("previous_version", Integer),
    Column("completed_at", _TIME),
)
evaluation_opponents = Table(
    "evaluation_opponents",
    METADATA,
    Column("evaluation_id", Uuid, primary_key=True),
    Column("opponent", Text, primary_key=True),
    *(Column(name, Integer) for name in ("games_planned", "games", "wins", "draws", "losses", "truncated", "errored")),
    Column("score_histogram", ARRAY(Integer)),
)
decisions = Table(
    "decisions",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("configuration", Text),
    Column("evaluation_id", Uuid),
    Column("digest", Text),
    Column("verdict", Text),
    Column("disposition", Text),
    Column("code", Text),
    Column("why", Text),
    Column("reasons", JSONB),
    Column("policy_id", Text),
    Column("policy", JSONB),
    Column("may_skip", Boolean),
    Column("canonical_version", Integer),
    Column("approves", Uuid),
    Column("decided_at", _TIME),
)
holds = Table(
    "holds",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("configuration", Text),
    Column("kind", Text),
    Column("version", Integer),
    Column("digest", Text),
    Column("reason", Text),
    Column("placed_by", Text),
    Column("placed_at", _TIME),
    Column("lifted_by", Text),
    Column("lifted_at", _TIME),
    Column("lifted_because", Text),
)
approvals = Table(
    "approvals",
    METADATA,
    Column("decision_id", Uuid, primary_key=True),
    Column("configuration", Text),
    Column("digest", Text),
    Column("state", Text),
    Column("asked_at", _TIME),
    Column("deadline", _TIME),
    Column("closed_at", _TIME),
    Column("closed_by", Text),
    Column("reason", Text),
)
waivers = Table(
    "waivers",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("configuration", Text),
    Column("version", Integer),
    Column("digest", Text),
    Column("reason", Text),
    Column("granted_by", Text),
    Column("granted_at", _TIME),
    Column("expires_at", _TIME),
    Column("state", Text),
    Column("finding", Text),
    Column("decision_id", Uuid),
    Column("closed_at", _TIME),
)
canonical_versions = Table(
    "canonical_versions",
    METADATA,
    Column("configuration", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("digest", Text),
    Column("decision_id", Uuid),
    Column("kind", Text),
    Column("promoted_at", _TIME),
    Column("promoted_by", Text),
    Column("reason", Text),
)
epochs = Table(
    "epochs",
    METADATA,
    Column("epoch", BigInteger, primary_key=True),
    Column("begun_at", _TIME),
    Column("begun_by", Text),
    Column("reason", Text),
)
curriculum = Table(
    "curriculum",
    METADATA,
    Column("configuration", Text, primary_key=True),
    Column("struggle", Double),
    Column("candidates", Integer),
    Column("since", _TIME),
    Column("decision_id", Uuid),
    Column("updated_at", _TIME),
)
signed_pointer = Table(
    "signed_pointer",
    METADATA,
    Column("version", BigInteger, primary_key=True),
    Column("expires_at", _TIME),
    Column("pointed", JSONB),
    Column("files", JSONB),
)
webhooks = Table(
    "webhooks",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("url", Text),
    Column("types", ARRAY(Text)),
    Column("secret", Text),
    Column("place", BigInteger),
    Column("created_by", Text),
    Column("created_at", _TIME),
    Column("last_error", Text),
    Column("last_error_at", _TIME),
    Column("format", Text),
)
webhook_notices = Table(
    "webhook_notices",
    METADATA,
    Column("webhook_id", Uuid, primary_key=True),
    Column("event_id", Uuid, primary_key=True),
    Column("sequence", BigInteger),
    Column("type", Text),
    Column("subject", Text),
    Column("event", JSONB),
    Column("state", Text),
    Column("attempts", Integer),
    Column("due_at", _TIME),
    Column("last_error", Text),
    Column("noted_at", _TIME),
    Column("ended_at", _TIME),
)
projections = Table(
    "projections",
    METADATA,
    Column("configuration", Text, primary_key=True),
    Column("version", Integer),
    Column("projected_at", _TIME),
)
api_keys = Table(
    "api_keys",
    METADATA,
    Column("id", Text, primary_key=True),
    *(Column(name, Text) for name in ("name", "service", "scope", "hash", "created_by")),
    Column("created_at", _TIME),
    Column("expires_at", _TIME),
    Column("last_used_on", Date),
    Column("revoked_by", Text),
    Column("revoked_at", _TIME),
    Column("revoked_because", Text),
)
audit = Table(
    "audit",
    METADATA,
    Column("id", BigInteger, primary_key=True),
    Column("configuration", Text),
    Column("sequence", Integer),
    Column("at", _TIME),
    Column("actor", Text),
    Column("address", Text),
    Column("action", Text),
    Column("subject", JSONB),
    Column("reason", Text),
    Column("previous", Text),
    Column("hash", Text),
)
