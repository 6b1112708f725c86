"""The suite's vocabulary: every enumeration, pattern, canonical file name and port, once.

States, which code moves, are StrEnums; what is only said is a Literal. CHECK constraints of the databases are held to these by
tests/migrations. Imports nothing of the suite.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, get_args

from pydantic import Field

BoardType = Literal["hex8", "square8", "square19", "hexagonal"]
BOARD_TYPES: tuple[BoardType, ...] = get_args(BoardType)
PLAYER_COUNTS = (2, 3, 4)
CONFIGURATION_PATTERN = rf"^({'|'.join(BOARD_TYPES)})_([{PLAYER_COUNTS[0]}-{PLAYER_COUNTS[-1]}])p$"
NumPlayers = Annotated[
    int, Field(ge=PLAYER_COUNTS[0], le=PLAYER_COUNTS[-1], description="Seats at the board, 2 to 4", examples=[2])
]
ConfigurationKey = Annotated[str, Field(pattern=CONFIGURATION_PATTERN, examples=["hex8_2p"])]

DIGEST_PATTERN = "^[0-9a-f]{64}$"
Digest = Annotated[str, Field(pattern=DIGEST_PATTERN, description="SHA-256 of the model file's bytes, lower-case hex")]
STORABLE = r"^[^\x00]*$"
"""The pattern of every text that comes from outside: Postgres stores any character but U+0000."""
ModelPath = Annotated[
    str,
    Field(
        min_length=1, max_length=1024, pattern=STORABLE, description="Path of a model file, inside the models folder"
    ),
]
NETWORK_NAME_PATTERN = "^[A-Za-z0-9_.-]{1,100}$"
Architecture = Annotated[
    str,
    Field(
        pattern=NETWORK_NAME_PATTERN,
        description="Network of a model file that does not say it itself",
        examples=["resnet"],
    ),
]
NetworkParameters = Annotated[
    dict[Annotated[str, Field(pattern=NETWORK_NAME_PATTERN)], Annotated[int, Field(ge=-(2**31), lt=2**31)]],
    Field(max_length=50, description="The architecture's parameters", examples=[{"blocks": 4, "channels": 32}]),
]
LONGEST_REASON = 2000
Reason = Annotated[str, Field(max_length=LONGEST_REASON, pattern=STORABLE)]
NODE_NAME_PATTERN = "^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$"
MOST_NODES = 2000
"""As many as an event can name, each with a reason, in what NATS takes of one message."""
LONGEST_NODE_REASON = 300
NodeName = Annotated[str, Field(pattern=NODE_NAME_PATTERN, examples=["node-1"])]

MOST_GAMES = 10_000
"""Games per opponent that may be asked for."""
Games = Annotated[int, Field(ge=1, le=MOST_GAMES, description="Games per opponent")]

MOST_VERSION = 2**31 - 1
"""What the columns of versions hold."""
Version = Annotated[int, Field(ge=1, le=MOST_VERSION, description="Canonical version of a configuration")]
MOST_ID = 2**63 - 1
"""What the columns of numbered rows hold."""

OpponentName = Literal["random", "heuristic", "previous"]
OPPONENTS: tuple[OpponentName, ...] = get_args(OpponentName)
Outcome = Literal["win", "draw", "loss", "truncated", "errored"]
"""How a game ended for the candidate."""


class EvaluationState(StrEnum):
    """Where an evaluation is; the last two are ends."""

    RECEIVED = "received"
    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"


class TrainingState(StrEnum):
    """What became of a trainer's announcement."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"


TrainingDoor = Literal["http", "nats"]
"""The way by which an announcement came."""

EvaluationReason = Literal["training", "request", "manual", "forced", "stale"]
"""Who asked for an evaluation: a trainer, the gauntlet's own door, an operator (with games or without), or a moved pointer."""
FailureCode = Literal[
    "model_not_found", "path_refused", "digest_mismatch", "model_invalid", "worker_lost", "cancelled", "internal"
]
"""Why an evaluation ended without evidence."""

Verdict = Literal["passed", "failed", "inconclusive", "stale", "invalid"]
"""What the games say of a candidate."""
Disposition = Literal["promoted", "withheld", "awaiting", "refused"]
"""What became of a judged candidate. `withheld`: it passed and is not promoted all the same; `awaiting`: a person, or another
evaluation, decides."""
DispositionCode = Literal[
    "gates_passed", "games_skipped", "rolled_back",
    "dry_run", "request_ended", "artifact_missing",
    "auto_promote_off", "evaluated_again",
    "gates_failed", "already_canonical", "games_inconclusive", "evidence_invalid",
]  # fmt: skip
"""Why: three of `promoted`, three of `withheld`, two of `awaiting`, four of `refused`."""
PromotionKind = Literal["automatic", "manual", "forced", "rollback"]


class RequestState(StrEnum):
    """Where a promotion request is; all but the first are ends."""

    OPEN = "open"
    PROMOTED = "promoted"
    REFUSED = "refused"
    FAILED = "failed"


class DeliveryState(StrEnum):
    """The states of a delivery; `superseded` is one that a higher version overtook."""

    PENDING = "pending"
    FETCHING = "fetching"
    DELIVERED = "delivered"
    SUPERSEDED = "superseded"


class BreakerState(StrEnum):
    """The three states of a node's circuit breaker."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class GateVerdict(StrEnum):
    """What the games played so far say about a threshold."""

    PASSED = "passed"
    FAILED = "failed"
    UNDECIDED = "undecided"


PROMOTION_PORT = 8770
GAUNTLET_PORT = 8771
DISTRIBUTION_PORT = 8772
AGENT_PORT = 8780
Port = Annotated[int, Field(ge=1, le=65535)]

CANONICAL_PREFIX = "canonical_"
BEST_PREFIX = "ringrift_best_"
CANONICAL_FILE_PATTERN = rf"(?:{CANONICAL_PREFIX}|{BEST_PREFIX})([a-z0-9]+_[234]p)\.pth"
"""Names of canonical files and of the links to them; the group is the configuration."""


def storable(text: str, longest: int) -> str:
    """As much of a text, of whatever origin, as can be stored."""
    return text[:longest].replace("\0", "\N{REPLACEMENT CHARACTER}")


def canonical_name(configuration: str) -> str:
    """The name of a configuration's canonical file, on every node and in the models folder."""
    return f"{CANONICAL_PREFIX}{configuration}.pth"


def best_name(configuration: str) -> str:
    """The name of the link to a configuration's canonical file."""
    return f"{BEST_PREFIX}{configuration}.pth"
