"""The AsyncAPI 3.0 document of the suite's events, made from their declarations.

`python -m shared.contract.events.asyncapi` prints it; docs/asyncapi.json is kept equal by a test. Connects to nothing.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from shared.contract.events import DATA_MODELS, SUBJECT_PREFIX, EventData, trainer
from shared.contract.events.envelope import described

REFERENCES = "#/components/schemas/{model}"


def document() -> dict[str, Any]:
    """One channel, message and operation for each declared type; data schemas as the suite validates them."""
    models = list(DATA_MODELS.values())
    shown = [(_payload_model(model), "validation") for model in models]
    _, schemas = models_json_schema(shown, ref_template=REFERENCES)  # type: ignore[arg-type] # pairs are invariant
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "RingRift promotion suite", "version": "1", "description": "Events over NATS JetStream."},
        "defaultContentType": "application/cloudevents+json",
        "channels": {name: _channel(name) for name in DATA_MODELS},
        "operations": {f"{model.producer}.{model.event_type}": _operation(model) for model in models},
        "components": {
            "messages": {model.event_type: _message(model) for model in models},
            "schemas": schemas["$defs"],
        },
    }


def _channel(name: str) -> dict[str, Any]:
    return {
        "address": f"{SUBJECT_PREFIX}.{name}.{{configuration}}",
        "parameters": {"configuration": {"description": "Board type and number of players, such as hex8_2p"}},
        "messages": {name: {"$ref": f"#/components/messages/{name}"}},
    }


def _operation(model: type[EventData]) -> dict[str, Any]:
    return {"action": "send", "channel": {"$ref": f"#/channels/{model.event_type}"}, "summary": _summary(model)}


def _message(model: type[EventData]) -> dict[str, Any]:
    reference = {"$ref": REFERENCES.format(model=_payload_model(model).__name__)}
    payload = reference if model.producer != trainer.PRODUCER else _as_trainers_say_it(reference)
    return {"name": model.event_type, "summary": _summary(model), "payload": payload}


def _payload_model(model: type[EventData]) -> type[BaseModel]:
    return model if model.producer == trainer.PRODUCER else described(model)


def _as_trainers_say_it(data: dict[str, str]) -> dict[str, Any]:
    """Any CloudEvent around the data: what comes from outside may have other attributes, and any id."""
    return {"type": "object", "required": ["id", "source", "type", "data"], "properties": {"data": data}}


def _summary(model: type[EventData]) -> str:
    return (model.__doc__ or "").split("\n")[0]


if __name__ == "__main__":
    print(json.dumps(document(), indent=2))
