"""The suite's vocabulary: every enumeration, pattern, canonical file name and port, once.

States, which code moves, are StrEnums; what is only said is a Literal. CHECK constraints of the databases are held to these by
tests/migrations. Imports nothing of the suite.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal, get_args

from pydantic import Field

RingRiftBoard = Literal["hex8", "square8", "square19", "hexagonal"]
BOARD_TYPES: tuple[RingRiftBoard, ...] = get_args(RingRiftBoard)
_NAME = "[a-z][a-z0-9_]*"
_VALUE = "[A-Za-z0-9_]+"
_OTHER_GAME = rf"{_NAME}:{_NAME}(?:\({_NAME}={_VALUE}(?:\.[0-9]+)?(?:,{_NAME}={_VALUE}(?:\.[0-9]+)?)*\))?"
BOARD_PATTERN = rf"^(?:{'|'.join(BOARD_TYPES)}|{_OTHER_GAME})$"
"""RingRift's boards, and the games of other families (play/games/family.py): FAMILY:GAME, or FAMILY:GAME(parameter=value,...)."""
LONGEST_BOARD_TYPE = 100
BoardType = Annotated[
    str,
    Field(
        max_length=LONGEST_BOARD_TYPE,
        pattern=BOARD_PATTERN,
        description="A board of RingRift (hex8, square8, square19, hexagonal), or another family's game, such as "
        "openspiel:hex(board_size=8)",
        examples=["hex8"],
    ),
]
PLAYER_COUNTS = (2, 3, 4)
_OTHER_KEY = rf"{_NAME}-{_NAME}(?:-{_NAME}-{_VALUE}(?:~[0-9]+)?)*"
CONFIGURATION_PATTERN = rf"^({'|'.join(BOARD_TYPES)}|{_OTHER_KEY})_([{PLAYER_COUNTS[0]}-{PLAYER_COUNTS[-1]}])p$"
"""Keys are file names, tokens of NATS subjects and parts of addresses: those of other games have neither : ( = , ) nor dots."""
NumPlayers = Annotated[
    int, Field(ge=PLAYER_COUNTS[0], le=PLAYER_COUNTS[-1], description="Seats at the board, 2 to 4", examples=[2])
]
LONGEST_CONFIGURATION = LONGEST_BOARD_TYPE + len("_2p")
ConfigurationKey = Annotated[str, Field(
    max_length=LONGEST_CONFIGURATION, pattern=CONFIGURATION_PATTERN, description="Board type and number of players",
    examples=["hex8_2p"],
)]  # fmt: skip

DIGEST_PATTERN = "^[0-9a-f]{64}$"
Digest = Annotated[str, Field(
    pattern=DIGEST_PATTERN, description="SHA-256 of the model file's bytes, lower-case hex",
    examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
)]  # fmt: skip
EVENT_KEY_PATTERN = "^[0-9a-f]{64}$"
"""Of the public key (Ed25519) with which a process signs its events."""
STORABLE = r"^[^\x00]*$"
"""The pattern of every text that comes from outside: Postgres stores any character but U+0000."""
ModelPath = Annotated[str, Field(
    min_length=1, max_length=1024, pattern=STORABLE, description="Path of a model file, inside the models folder",
    examples=["models/my_model.pth"],
)]  # fmt: skip
NETWORK_NAME_PATTERN = "^[A-Za-z0-9_.-]{1,100}$"
Architecture = Annotated[str, Field(
    pattern=NETWORK_NAME_PATTERN, description="Network of a model file that does not say it itself", examples=["resnet"],
)]  # fmt: skip
NetworkParameters = Annotated[
    dict[Annotated[str, Field(pattern=NETWORK_NAME_PATTERN)], Annotated[int, Field(ge=-(2**31), le=2**31 - 1)]],
    Field(max_length=50, description="The architecture's parameters", examples=[{"blocks": 4, "channels": 32}]),
]
LONGEST_REASON = 2000
LONGEST_PERSONS_REASON = 1000
PersonsReason = Annotated[str, Field(
    min_length=1, max_length=LONGEST_PERSONS_REASON, pattern=STORABLE, description="Why, for whoever reads it later",
    examples=["loses to version 6 as second player"],
)]  # fmt: skip
Reason = Annotated[
    str, Field(max_length=LONGEST_REASON, pattern=STORABLE, examples=["random: 50 of 50 games played, win rate 96.0%"])
]
NODE_NAME_PATTERN = "^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$"
MOST_NODES = 2000
"""As many as an event can name, each with a reason, in what NATS takes of one message."""
LONGEST_NODE_REASON = 300
NodeName = Annotated[str, Field(pattern=NODE_NAME_PATTERN, examples=["node-1"])]
DELIVERY_KEY_PATTERN = r"^[a-z][A-Za-z0-9_~-]{0,102}:[1-9][0-9]{0,8}:[A-Za-z0-9][A-Za-z0-9._-]{0,62}$"
LONGEST_DELIVERY_KEY = 103 + 10 + 63 + 2
"""A delivery's place among all: its configuration, version and node."""

MOST_GAMES = 10_000
"""Games per opponent that may be asked for."""
Games = Annotated[int, Field(ge=1, le=MOST_GAMES, description="Games per opponent", examples=[50])]

MOST_VERSION = 2**31 - 1
"""What the columns of versions hold."""
Version = Annotated[int, Field(ge=1, le=MOST_VERSION, description="Canonical version of a configuration", examples=[7])]
MOST_ID = 2**63 - 1
"""What the columns of numbered rows hold."""
Epoch = Annotated[int, Field(
    ge=0, le=MOST_ID, description="Of the ledger: the second at which it was said to be restored, 0 before", examples=[0],
)]  # fmt: skip
"""What only goes upwards compares epoch and version."""
MOST_CONFIGURATIONS = 10_000
"""Configurations that a list answers at once: more than anybody trains."""
NOBODYS_ID = "7b0e8f4a-3c52-4d7e-9a61-2f0c5d8e1b94"
"""The id in examples, which nothing has."""
NOBODYS_CONFIGURATION = "openspiel-tic_tac_toe_2p"
"""The configuration in examples of what changes something, for which nobody trains."""

OpponentName = Literal["random", "heuristic", "previous", "previous_5", "previous_20"]
OPPONENTS: tuple[OpponentName, ...] = get_args(OpponentName)
"""In the order in which they are met."""
GAME_PLACE_PATTERN = rf"^(?:{'|'.join(OPPONENTS)}):[0-9]{{1,9}}$"
"""A game's place among those of its evaluation: its opponent, and its place in that one's schedule."""
PANEL: Mapping[OpponentName, int] = {"previous_5": 5, "previous_20": 20}
"""Those that no gate asks for: the canonical versions of so many versions ago; `previous` is that of one version ago."""
GateName = Literal["random", "heuristic", "previous"]
GATES: tuple[GateName, ...] = get_args(GateName)
PanelMode = Literal["off", "muted"]
"""Whether candidates that passed their gates meet the panel; muted, it changes no verdict."""
Outcome = Literal["win", "draw", "loss", "truncated", "errored"]
"""How a game ended for the candidate."""
CrashKind = Literal["game_errored", "worker_lost", "too_slow"]
"""What a crash dossier is of: a game whose player had no move to give, a worker or a model's process that ended, an answer that
did not come in time."""
RulesProfile = Literal["canonical", "ref", "strict"]
"""Under which reading of the rules a game is played."""


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

EvaluationReason = Literal["training", "request", "manual", "forced", "stale", "review"]
"""Who asked for an evaluation: a trainer, the gauntlet's own door, an operator (with games or without), a moved pointer, or whoever
wants to see the games though nothing is to be promoted."""
FailureCode = Literal[
    "model_not_found", "path_refused", "digest_mismatch", "model_invalid", "worker_lost", "too_slow", "cancelled",
    "internal",
]  # fmt: skip
"""Why an evaluation ended without evidence."""

Confinement = Literal["full", "partial", "none"]
CONFINEMENTS: tuple[Confinement, ...] = get_args(Confinement)
"""How far the machine confined the process that ran the model: every attempt refused, some, or none."""

Verdict = Literal["passed", "failed", "inconclusive", "stale", "invalid"]
"""What the games say of a candidate."""
Disposition = Literal["promoted", "withheld", "awaiting", "refused"]
"""What became of a judged candidate. `withheld`: it passed and is not promoted all the same; `awaiting`: a person, or another
evaluation, decides."""
DispositionCode = Literal[
    "gates_passed", "games_skipped", "rolled_back", "approved",
    "dry_run", "request_ended", "artifact_missing", "version_moved", "reviewed", "expired",
    "auto_promote_off", "evaluated_again", "paused", "pinned", "too_soon",
    "gates_failed", "already_canonical", "games_inconclusive", "evidence_invalid", "marked_bad", "rejected",
]  # fmt: skip
"""Why: a line for each of `promoted`, `withheld`, `awaiting` and `refused`."""
PromotionKind = Literal["automatic", "manual", "forced", "rollback"]


class RequestState(StrEnum):
    """Where a promotion request is; all but the first are ends."""

    OPEN = "open"
    PROMOTED = "promoted"
    REFUSED = "refused"
    FAILED = "failed"


class HoldKind(StrEnum):
    """What a person may lay on a configuration: no automatic promotion, no other version, not these bytes."""

    PAUSE = "pause"
    PIN = "pin"
    MARK = "mark"


class ApprovalState(StrEnum):
    """Where a candidate is that passed and waits for a person; all but the first are ends."""

    AWAITING = "awaiting"
    APPROVED = "approved"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"


class WaiverState(StrEnum):
    """What the evaluation of a forced version says of it afterwards; all but the first are ends."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    FAILED = "failed"
    UNEVALUATED = "unevaluated"
    SUPERSEDED = "superseded"


ServiceName = Literal["gauntlet", "promotion", "distribution"]
KEY_ID_PATTERN = "^[0-9a-f]{8}$"
KeyId = Annotated[str, Field(pattern=KEY_ID_PATTERN, examples=["3f2a9c1e"])]
"""Which API key is meant; the key itself has it as its second part."""
KeyName = Annotated[
    str,
    Field(pattern="^[A-Za-z0-9._@-]{1,60}$", description="Who holds it, as the ledger names them", examples=["anna"]),
]
AuditAction = Literal[
    "ask", "force", "move", "approve", "reject", "rollback", "redistribute", "cancel", "redeliver", "register_node",
    "pause", "resume", "pin", "unpin", "mark", "unmark", "set_policy", "reset_policy", "move_node", "remove_node",
    "isolate_node", "release_node", "create_key", "revoke_key", "add_webhook", "remove_webhook", "replay_webhook", "restore_ledger",
    "pause_distribution", "resume_distribution", "advance_distribution", "abort_distribution",
]  # fmt: skip
"""What the audit has a row for: each act of a person that changes something, and each move of the pointer, whoever moves it."""
ChainFault = Literal["changed", "missing", "misplaced", "unrecorded"]
"""What is wrong with a row of the audit: its content, that it is gone, its place; or that a canonical version has no row."""
MOST_WEBHOOKS = 100
"""As many as are told of events."""


NoticeFormat = Literal["json", "slack", "discord"]
"""How a webhook is told of an event: by the event itself, or by a message for a chat."""


class NoticeState(StrEnum):
    """The states of a notice, one event for one webhook; a dead one waits again when it is replayed."""

    WAITING = "waiting"
    TAKEN = "taken"
    DEAD = "dead"


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


GateMode = Literal["exact", "anytime", "evidence"]
"""By which rule a gate is decided: the verdict of all planned games, that or a test that may end sooner, the test alone."""


class GateVerdict(StrEnum):
    """What the games played so far say about a threshold. `inconclusive`: nothing, and there are no more to be played."""

    PASSED = "passed"
    FAILED = "failed"
    UNDECIDED = "undecided"
    INCONCLUSIVE = "inconclusive"


PROMOTION_PORT = 8770
GAUNTLET_PORT = 8771
DISTRIBUTION_PORT = 8772
SEED_PORT = 8773
AGENT_PORT = 8780
AGENT_SWARM_PORT = 8781
Port = Annotated[int, Field(ge=1, le=65535)]

CANONICAL_PREFIX = "canonical_"
BEST_PREFIX = "ringrift_best_"
CANONICAL_FILE_PATTERN = rf"(?:{CANONICAL_PREFIX}|{BEST_PREFIX})([A-Za-z0-9_~-]+_[234]p)\.pth"
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
