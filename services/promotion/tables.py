"""The promotion service's tables, in the schema `promotion`, as its queries see them; migrations/ has their constraints."""

from __future__ import annotations

from sqlalchemy import ARRAY, BigInteger, Boolean, Column, DateTime, Integer, MetaData, Table, Text, Uuid
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
    Column("reasons", JSONB),
    Column("policy_id", Text),
    Column("policy", JSONB),
    Column("may_skip", Boolean),
    Column("canonical_version", Integer),
    Column("decided_at", _TIME),
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
projections = Table(
    "projections",
    METADATA,
    Column("configuration", Text, primary_key=True),
    Column("version", Integer),
    Column("projected_at", _TIME),
)
audit = Table(
    "audit",
    METADATA,
    Column("id", BigInteger, primary_key=True),
    Column("actor", Text),
    Column("action", Text),
    Column("detail", JSONB),
)
