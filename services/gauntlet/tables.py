"""The gauntlet service's tables, in the schema `gauntlet`, as its queries see them; migrations/ has their constraints."""

from __future__ import annotations

from sqlalchemy import ARRAY, BigInteger, Boolean, Column, DateTime, Double, Integer, MetaData, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from shared.messaging.tables import Messaging

METADATA = MetaData(schema="gauntlet")
MESSAGING = Messaging(METADATA)
_TIME = DateTime(timezone=True)

evaluations = Table(
    "evaluations",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("configuration", Text),
    Column("reason", Text),
    Column("cause", JSONB(none_as_null=True)),
    Column("request_id", Uuid),
    Column("idempotency_key", Text),
    Column("model_path", Text),
    Column("announced_digest", Text),
    Column("architecture", Text),
    Column("parameters", JSONB(none_as_null=True)),
    Column("games", Integer),
    Column("policy_id", Text),
    Column("gates", JSONB(none_as_null=True)),
    Column("play", JSONB),
    Column("skip_games", Boolean),
    Column("state", Text),
    Column("waits_for", Text),
    Column("digest", Text),
    Column("size", BigInteger),
    Column("seed", BigInteger),
    Column("previous_version", Integer),
    Column("previous_digest", Text),
    Column("panel", JSONB),
    Column("model", JSONB(none_as_null=True)),
    Column("attempts", Integer),
    Column("confinement", Text),
    Column("cpu_seconds", Double),
    Column("forward_seconds", Double),
    Column("surplus_games", Integer),
    Column("revision", BigInteger),
    Column("evidence", JSONB(none_as_null=True)),
    Column("failure_code", Text),
    Column("failure_reason", Text),
    Column("requested_at", _TIME),
    Column("started_at", _TIME),
    Column("ended_at", _TIME),
)
trainings = Table(
    "trainings",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("source", Text),
    Column("event_id", Text),
    Column("door", Text),
    Column("state", Text),
    Column("fingerprint", Text),
    Column("event", JSONB),
    Column("configuration", Text),
    Column("reason", Text),
    Column("notes", ARRAY(Text)),
    Column("received_at", _TIME),
)
games = Table(
    "games",
    METADATA,
    Column("evaluation_id", Uuid, primary_key=True),
    Column("opponent", Text, primary_key=True),
    Column("index", Integer, primary_key=True),
    Column("seed", BigInteger),
    Column("opening_seed", BigInteger),
    Column("seat", Integer),
    Column("outcome", Text),
    Column("units", Integer),
    Column("decisions", Integer),
    Column("network_evaluations", BigInteger),
    Column("moves", Text),
    Column("error", Text),
    Column("engine", Text),
    Column("recorded_at", _TIME),
)
claims = Table(
    "claims",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("evaluation_id", Uuid),
    Column("worker", Text),
    Column("opponent", Text),
    Column("first", Integer),
    Column("games", Integer),
    Column("issued_at", _TIME),
    Column("until", _TIME),
    Column("is_over", Boolean),
    Column("cpu_seconds", Double),
    Column("forward_seconds", Double),
    Column("surplus_games", Integer),
)
disputes = Table(
    "disputes",
    METADATA,
    Column("id", BigInteger, primary_key=True),
    Column("evaluation_id", Uuid),
    Column("opponent", Text),
    Column("index", Integer),
    Column("worker", Text),
    Column("reported", JSONB),
    Column("reported_at", _TIME),
)
crashes = Table(
    "crashes",
    METADATA,
    Column("evaluation_id", Uuid, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("claim_id", Uuid),
    Column("worker", Text),
    Column("dossier", JSONB),
    Column("reported_at", _TIME),
)
weights = Table(
    "weights",
    METADATA,
    Column("configuration", Text, primary_key=True),
    Column("digest", Text, primary_key=True),
    Column("fingerprint", Text),
    Column("place", BigInteger),
)
policies = Table(
    "policies",
    METADATA,
    Column("configuration", Text, primary_key=True),
    Column("policy_id", Text),
    Column("gates", JSONB),
    Column("read_at", _TIME),
)
canonical_versions = Table(
    "canonical_versions",
    METADATA,
    Column("configuration", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("digest", Text),
    Column("epoch", BigInteger),
)
