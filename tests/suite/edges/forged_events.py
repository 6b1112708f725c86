"""Events that nobody said: every declared type, with content that would move the pointer or the nodes if it were believed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from uuid import uuid4

from shared.contract.events import DATA_MODELS, SUBJECT_PREFIX, Event
from shared.contract.events.trainer import PRODUCER
from shared.messaging.signature import Signer

HEX8: dict[str, Any] = {"board_type": "hex8", "num_players": 2}
VERSION = 9000
STRANGER = Signer()
"""Anyone can sign; no feed names this key."""


class Forgery(NamedTuple):
    """A message: where it is published, its headers, its bytes."""

    subject: str
    headers: Mapping[str, str]
    payload: bytes

    def __str__(self) -> str:
        return f"{self.payload[:60]!r} on {self.subject} with {sorted(self.headers)}"


def perfect(completed: Mapping[str, Any], canonical: tuple[int, str], untrained: str) -> dict[str, Any]:
    """The data of an EVALUATION_COMPLETED in which `untrained` won every game, made from a real one in which canonical was met."""
    evidence = dict(completed["evidence"])
    evidence["previous"] = {"version": canonical[0], "digest": canonical[1]}
    evidence["opponents"] = [_won(each) for each in evidence["opponents"]]
    return {**completed, "evaluation_id": str(uuid4()), "request_id": None, "digest": untrained, "evidence": evidence}


def _won(opponent: Mapping[str, Any]) -> dict[str, Any]:
    games = opponent["games_planned"]
    lost = dict.fromkeys(("draws", "losses", "truncated", "errored"), 0)
    return {
        **opponent, **lost, "games": games, "wins": games, "distinct_games": games,
        "score_histogram": [0] * (len(opponent["score_histogram"]) - 1) + [games], **dict.fromkeys(TOLD_BESIDE),
    }  # fmt: skip


TOLD_BESIDE = ("effective_histogram", "block_histogram", "interval", "flip_margin", "seats")
DECIDED = {
    "opponent": "random", "games_planned": 2, "games": 2, "wins": 2, "draws": 0, "losses": 0, "truncated": 0, "errored": 0,
    "score_histogram": [0, 0, 2], "distinct_games": 2, "network_evaluations": 2,
}  # fmt: skip
"""What is told of a gate that a candidate passed."""


def contents(untrained: str, completed: Mapping[str, Any], evaluation: str) -> dict[str, dict[str, Any]]:
    """By type of event, its data. `evaluation`: one that the gauntlet plays or played. KeyError for a type without any."""
    of = {**HEX8, "digest": untrained}
    delivered = {**of, "version": VERSION}
    given: dict[str, dict[str, Any]] = {
        "TRAINING_COMPLETED": of,
        "TRAINING_REJECTED": {
            "training_id": str(uuid4()), "source": "/t", "event_id": "first", "configuration": "hex8_2p", "reason": "no",
        },
        "EVALUATION_STARTED": {**of, "evaluation_id": evaluation},
        "EVALUATION_PROGRESS": {
            **of, "evaluation_id": evaluation, "verdict": "passed", "against": DECIDED,
        },
        "EVALUATION_COMPLETED": dict(completed),
        "EVALUATION_FAILED": {**HEX8, "evaluation_id": evaluation, "code": "cancelled", "reason": "no"},
        "EVALUATION_REQUESTED": {
            **HEX8, "request_id": str(uuid4()), "reason": "forced", "model_path": "models/untrained.pth",
        },
        "LEDGER_RESTORED": {
            "epoch": VERSION, "heads": [{"configuration": "hex8_2p", "version": VERSION, "digest": untrained, "size": 5}],
            "reason": "no",
        },
        "MODEL_PROMOTED": {**delivered, "size": 5, "decision_id": str(uuid4()), "kind": "manual"},
        "MODEL_PROMOTION_FAILED": {
            **of, "decision_id": str(uuid4()), "verdict": "failed", "reasons": ["no"],
        },
        "MODEL_PROMOTION_WITHHELD": {
            **of, "decision_id": str(uuid4()), "verdict": "passed", "reasons": ["no"],
        },
        "CURRICULUM_UPDATED": {
            **HEX8, "weight": 1.0, "share": 1.0, "struggle": 0.0, "staleness": 0.0, "configurations": 1, "code": "gates_passed",
            "decision_id": str(uuid4()),
        },
        "GAUNTLET_ACTED": {"action": "cancel", "actor": "anna", "about": {"evaluation_id": evaluation}},
        "DISTRIBUTION_ACTED": {"action": "remove_node", "actor": "anna", "about": {"node": "node-1"}},
        "DISTRIBUTION_STARTED": {**delivered, "nodes": ["node-1"]},
        "DISTRIBUTION_PROGRESS": {**delivered, "nodes": ["node-1"], "state": "running", "wave": 2, "waves": 3},
        "DISTRIBUTION_COMPLETED": {**delivered, "nodes": ["node-1"], "seconds": 1.0},
        "DISTRIBUTION_FAILED": {**delivered, "delivered": [], "missing": {"node-1": "x"}, "reason": "x", "wanted": "rollback"},
    }  # fmt: skip
    return {name: given[name] for name in DATA_MODELS}


def forgeries(data: Mapping[str, Mapping[str, Any]]) -> Iterator[Forgery]:
    """Each content on the subject of every type, under each of the two types, as the suite writes events and as CloudEvents lets
    others write them; but no trainer's announcement, which anyone on the bus may make."""
    for content in data:
        for place in data:
            subject = f"{SUBJECT_PREFIX}.{place}.hex8_2p"
            for typed in dict.fromkeys((content, place)):
                if typed == place and DATA_MODELS[place].producer == PRODUCER:
                    continue
                payload = structured(content, data[content], typed)
                yield Forgery(subject, {}, payload)
                yield Forgery(subject, STRANGER.headers(payload), payload)
                headers = {"ce-specversion": "1.0", "ce-id": str(uuid4()), "ce-source": "/t", "ce-type": typed}
                yield Forgery(subject, headers, json.dumps(data[content]).encode())


def structured(content: str, data: Mapping[str, Any], typed: str) -> bytes:
    """An event as its producer writes it, but for the type that it says it is."""
    model = DATA_MODELS[content]
    event = Event.of(model.model_validate_json(json.dumps(data)), source=f"/services/{model.producer}")
    return json.dumps(event.model_dump(mode="json") | {"type": typed}).encode()
