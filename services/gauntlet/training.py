"""A training: what a trainer announced, taken or rejected, once for each source and id. Pure.

What is needed to evaluate the model must be right. The rest of the data is kept as it came; optional fields of the wrong type are
noted and not used.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID, uuid5

from pydantic import ValidationError

from services.gauntlet.cloud_event import CloudEvent
from shared.contract.configuration import Configuration
from shared.contract.events.trainer import TrainingCompleted
from shared.contract.words import LONGEST_REASON, TrainingDoor, TrainingState, storable

NAMESPACE = UUID("5a0f7c1e-6d5e-5b43-9d0a-3f0b9f0e2c11")
NEEDED = ("board_type", "num_players", "model_path", "digest")


class EventIdReusedError(Exception):
    """The source used the id before, for another model."""


@dataclass(frozen=True, kw_only=True)
class Training:
    """What became of an announcement. `fingerprint` tells a repetition from another announcement under the same id."""

    id: UUID
    source: str
    event_id: str
    door: TrainingDoor
    state: TrainingState
    fingerprint: str
    event: Mapping[str, Any]
    configuration: str | None = None
    reason: str | None = None
    notes: tuple[str, ...] = ()
    received_at: datetime | None = None
    evaluation_state: str | None = None

    @classmethod
    def of(cls, event: CloudEvent, door: TrainingDoor) -> tuple[Self, TrainingCompleted | None]:
        """The training of an event, and its data; None if it is rejected."""
        data, faults, notes = _read(event)
        training = cls(
            id=training_id(event.source, event.id),
            source=event.source,
            event_id=event.id,
            door=door,
            state=TrainingState.REJECTED if data is None else TrainingState.ACCEPTED,
            fingerprint=_fingerprint(event),
            event=event.document(),
            configuration=str(data.configuration) if data else _configuration(event.data),
            reason=storable("; ".join(faults), LONGEST_REASON) or None,
            notes=tuple(notes),
        )
        return training, data

    def repeats(self, earlier: Training) -> bool:
        """Whether this says the same as an earlier one of the same source and id."""
        return self.fingerprint == earlier.fingerprint

    def require_replaceable(self) -> None:
        """A rejected announcement may be sent again, mended, under its id. EventIdReusedError otherwise."""
        if self.state is not TrainingState.REJECTED:
            raise EventIdReusedError(
                f"the source {self.source} announced something else under the id {self.event_id}; use a new id"
            )


def training_id(source: str, event_id: str) -> UUID:
    """The id of a training, and of its evaluation: a function of source and event id, which contain no control characters."""
    return uuid5(NAMESPACE, f"{source}\n{event_id}")


def _read(event: CloudEvent) -> tuple[TrainingCompleted | None, list[str], list[str]]:
    """The data, what is wrong with what is needed, and what is wrong with the rest."""
    if event.type != TrainingCompleted.event_type:
        return None, [f"type is {event.type}; only {TrainingCompleted.event_type} is taken here"], []
    if not isinstance(event.data, dict):
        return None, ["data must be an object with board_type, num_players and model_path or digest"], []
    known = {name: value for name, value in event.data.items() if name in TrainingCompleted.model_fields}
    try:
        return _consistent(event, TrainingCompleted.model_validate_json(json.dumps(known))), [], []
    except ValueError as error:
        faults = _faults(error)
    blamed = {re.split("[:.]", each, maxsplit=1)[0] for each in faults}
    optional = blamed.intersection(known).difference(NEEDED)
    try:
        needed = {name: value for name, value in known.items() if name not in optional}
        data = _consistent(event, TrainingCompleted.model_validate_json(json.dumps(needed)))
    except ValueError as error:
        return None, _faults(error), []
    return data, [], faults


def _consistent(event: CloudEvent, data: TrainingCompleted) -> TrainingCompleted:
    subject = event.attributes.get("subject")
    if _is_configuration(subject) and subject != str(data.configuration):
        raise ValueError(f"subject is {subject}, and the data are of {data.configuration}")
    return data


def _faults(error: ValueError) -> list[str]:
    if not isinstance(error, ValidationError):
        return [str(error)]
    return [": ".join(filter(None, [".".join(map(str, each["loc"])), each["msg"]])) for each in error.errors()]


def _configuration(data: object) -> str | None:
    if not isinstance(data, dict) or not isinstance(data.get("board_type"), str):
        return None
    key = str(Configuration(data["board_type"], data.get("num_players", 0)))
    return key if _is_configuration(key) else None


def _is_configuration(key: object) -> bool:
    try:
        return isinstance(key, str) and bool(Configuration.parse(key))
    except ValueError:
        return False


def _fingerprint(event: CloudEvent) -> str:
    said = json.dumps([event.type, event.data], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()
