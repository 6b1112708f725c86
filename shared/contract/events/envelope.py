"""The envelope of every event, CloudEvents 1.0, and what its producers declare.

An event is validated when it is made and when it is read; no aliases, no optional identity. Knows no type by name: each producer's
module declares its own. This module must not publish, store or handle anything.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, ClassVar, Literal, Protocol, Self, TypeVar, Union
from uuid import UUID, uuid4

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    SerializeAsAny,
    TypeAdapter,
    create_model,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from shared.contract.configuration import Configuration
from shared.contract.trace import TRACEPARENT_PATTERN, continued, new_traceparent
from shared.contract.words import CONFIGURATION_PATTERN, LONGEST_CONFIGURATION, BoardType, NumPlayers

SUBJECT_PREFIX = "ringrift.events"
UNKNOWN_SUBJECT = "unknown"
"""The subject of what is about no configuration that anyone knows."""
Subject = Annotated[
    str,
    Field(
        max_length=LONGEST_CONFIGURATION, pattern=rf"{CONFIGURATION_PATTERN}|^{UNKNOWN_SUBJECT}$", examples=["hex8_2p"]
    ),
]


TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
"""An example."""


class RejectedError(Exception):
    """An event can never be handled; the text says why. It goes to the dead letters at once."""


class EventData(BaseModel):
    """Base of all data models: strict, closed, immutable."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
    event_type: ClassVar[str]
    producer: ClassVar[str]

    @property
    def subject(self) -> str:
        """What the event is about: a configuration, unless nobody knows which."""
        return UNKNOWN_SUBJECT

    @property
    def summary(self) -> str | None:
        """What people should read of it at a glance, if anything."""
        return None


class ConfigurationData(EventData):
    """Base of the data of everything that is about one configuration."""

    board_type: BoardType
    num_players: NumPlayers

    @property
    def configuration(self) -> Configuration:
        """The configuration that the event is about."""
        return Configuration(self.board_type, self.num_players)

    @property
    def subject(self) -> str:
        """The configuration's key."""
        return str(self.configuration)


DATA_MODELS: dict[str, type[EventData]] = {}
"""Every declared type of event, by its name."""
Model = TypeVar("Model", bound=type[EventData])


def declared_by(producer: str) -> Callable[[Model], Model]:
    """Declare a type of event, named after its class: `ModelPromoted` is MODEL_PROMOTED. `producer` alone emits it."""

    def declare(model: Model) -> Model:
        model.producer = producer
        model.event_type = re.sub(r"(?<!^)(?=[A-Z])", "_", model.__name__).upper()
        DATA_MODELS[model.event_type] = model
        return model

    return declare


def _require_declared(name: str) -> str:
    if name not in DATA_MODELS:
        raise ValueError(f"{name!r} is no type of event; the types are {', '.join(DATA_MODELS)}")
    return name


class _DeclaredTypes:
    """In OpenAPI: the declared types, as they are when the document is made."""

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {**handler(schema), "enum": list(DATA_MODELS)}


EventType = Annotated[str, AfterValidator(_require_declared), _DeclaredTypes()]
"""The name of a declared type of event."""


class Traced(Protocol):
    """Whatever has a place in a trace (W3C Trace Context)."""

    @property
    def traceparent(self) -> str: ...


class Event(BaseModel):
    """CloudEvents 1.0 in structured JSON. `id` is also the Nats-Msg-Id; `subject` is the configuration."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    specversion: Literal["1.0"] = "1.0"
    id: UUID
    source: str = Field(min_length=1, max_length=200, examples=["/services/gauntlet"])
    type: EventType
    subject: Subject
    time: AwareDatetime
    datacontenttype: Literal["application/json"] = "application/json"
    dataschema: str = Field(max_length=200)
    traceparent: str = Field(pattern=TRACEPARENT_PATTERN, default_factory=new_traceparent, examples=[TRACEPARENT])
    data: SerializeAsAny[EventData]

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """One schema for each declared type, told apart by `type`, so that what is generated from it knows every payload."""
        if cls is not Event or not DATA_MODELS:
            return handler(schema)
        return handler(TypeAdapter(_one_of_all(tuple(DATA_MODELS.values()))).core_schema)

    @model_validator(mode="before")
    @classmethod
    def _read_data_by_type(cls, value: Any) -> Any:
        if isinstance(value, dict) and isinstance(value.get("data"), dict) and value.get("type") in DATA_MODELS:
            model = DATA_MODELS[value["type"]]
            # strict JSON semantics: UUIDs and times arrive as text, numbers must be numbers
            data = model.model_validate_json(json.dumps(value["data"]))
            return {"dataschema": schema_name(data.event_type), **value, "data": data}
        return value

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if self.data.event_type != self.type:
            raise ValueError(f"type {self.type} carries data of {self.data.event_type}")
        if self.data.subject != self.subject:
            raise ValueError(f"subject {self.subject!r} is not the configuration of the data, {self.data.subject}")
        return self

    @classmethod
    def of(cls, data: EventData, *, source: str, cause: Traced | None = None) -> Event:
        """Wrap `data` in a new envelope; `cause` is what led to it, whose trace it continues."""
        return cls(
            id=uuid4(),
            source=source,
            type=data.event_type,
            subject=data.subject,
            time=datetime.now(UTC),
            dataschema=schema_name(data.event_type),
            traceparent=continued(cause.traceparent if cause else None),
            data=data,
        )

    @property
    def nats_subject(self) -> str:
        """Where the event is published, for example `ringrift.events.MODEL_PROMOTED.hex8_2p`."""
        return f"{SUBJECT_PREFIX}.{self.type}.{self.subject}"


@cache
def described(model: type[EventData]) -> type[Event]:
    """The envelope around one type's data, for schemas alone: `ModelPromotedEvent` around `ModelPromoted`."""
    name = model.event_type
    fields: dict[str, Any] = {
        "type": (Literal[name], Field()),
        "dataschema": (Literal[schema_name(name)], Field()),
        "data": (model, Field()),
    }
    return create_model(f"{model.__name__}Event", __base__=Event, __doc__=model.__doc__, **fields)


@cache
def _one_of_all(models: tuple[type[EventData], ...]) -> Any:
    return Annotated[Union[*map(described, models)], Field(discriminator="type")]


def schema_name(event_type: str) -> str:
    """The dataschema of a type: a stable name, not an address to fetch."""
    return f"urn:ringrift:event:{event_type}:v1"
