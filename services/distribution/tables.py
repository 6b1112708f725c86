"""The distribution service's tables, in the schema `distribution`."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Integer,
    MetaData,
    Table,
    Text,
    false,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB

from shared.messaging.tables import Messaging
from shared.storage.leases import lease_table

METADATA = MetaData(schema="distribution")
MESSAGING = Messaging(METADATA)
_TIME = DateTime(timezone=True)
leases = lease_table(METADATA)


def _node(primary_key: bool) -> Column[str]:
    return Column("node", Text, ForeignKey("distribution.nodes.name", ondelete="CASCADE"), primary_key=primary_key)


nodes = Table(
    "nodes",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("url", Text, nullable=False),
    Column("registered_at", _TIME, nullable=False, server_default=func.now()),
    # by configuration: version, digest and size of what the node says is on its disk
    Column("report", JSONB, nullable=False, server_default="{}"),
    Column("reported_at", _TIME),
    Column("unreached", Text),
    # by configuration: version and digest of what should be there, and the digest of the bytes that are
    Column("damaged", JSONB, nullable=False, server_default="{}"),
    Column("agent_version", Text),
    Column("free_bytes", BigInteger),
    # made by the agent on its first start
    Column("instance", Text),
    Column("labels", JSONB, nullable=False, server_default="{}"),
    # the configurations that it is to hold; null for all
    Column("plays", JSONB(none_as_null=True)),
    # by configuration: version and digest, and whether whoever plays has taken them up
    Column("reloads", JSONB, nullable=False, server_default="{}"),
    # how far the agent's clock is ahead; null while that is little
    Column("clock_skew_seconds", Integer),
    # another agent that claims the name, and when it last did
    Column("rival", Text),
    Column("rival_at", _TIME),
    # who isolated it, when and why
    Column("isolated", JSONB(none_as_null=True)),
)
removed_nodes = Table(
    "removed_nodes",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("removed_at", _TIME, nullable=False, server_default=func.now()),
)
canonical = Table(
    "canonical",
    METADATA,
    Column("configuration", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("digest", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("epoch", BigInteger, nullable=False, server_default="0"),
    Column("updated_at", _TIME, nullable=False, server_default=func.now()),
)
deliveries = Table(
    "deliveries",
    METADATA,
    Column("configuration", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    _node(primary_key=True),
    Column("digest", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("state", Text, nullable=False, server_default="pending"),
    Column("bytes_done", BigInteger, nullable=False, server_default="0"),
    Column("detail", Text),
    Column("created_at", _TIME, nullable=False, server_default=func.now()),
    Column("updated_at", _TIME, nullable=False, server_default=func.now()),
    Column("delivered_at", _TIME),
    Column("played", Boolean, nullable=False, server_default=false()),
    Column("played_at", _TIME),
    # bytes that other nodes sent, and the distribution service or its artifact store
    Column("from_peers", BigInteger, nullable=False, server_default="0"),
    Column("from_service", BigInteger, nullable=False, server_default="0"),
    # between the last two reports of a transfer that is under way
    Column("bytes_per_second", BigInteger),
)
breakers = Table(
    "breakers",
    METADATA,
    _node(primary_key=True),
    Column("state", Text, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("trips", Integer, nullable=False),
    Column("opened_at", _TIME),
    Column("retry_at", _TIME),
    Column("last_error", Text),
    Column("recent", Text, nullable=False, server_default=""),
)
distributions = Table(
    "distributions",
    METADATA,
    Column("configuration", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("started_at", _TIME, nullable=False, server_default=func.now()),
    Column("completed_at", _TIME),
    Column("failed_at", _TIME),
    # how far its waves are, since when, and since when all nodes of this one have it
    Column("wave", Integer, nullable=False, server_default="1"),
    Column("wave_at", _TIME, nullable=False, server_default=func.now()),
    Column("wave_completed_at", _TIME),
    Column("rollout", Text, nullable=False, server_default="running"),
    Column("reason", Text),
    Column("changed_by", Text),
)
looks = Table(
    "looks",
    METADATA,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    # what the daemon is to look at anew: a node, null for all of them
    Column("node", Text),
)
