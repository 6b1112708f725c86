"""The AsyncAPI 3.0 document of the suite's events, made from their declarations.

`python -m shared.contract.events.asyncapi` prints it; docs/asyncapi.json is kept equal by a test. Connects to nothing.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic.json_schema import models_json_schema

from shared.contract.events import DATA_MODELS, SUBJECT_PREFIX, EventData

REFERENCES = "#/components/schemas/{model}"


def document() -> dict[str, Any]:
    """One channel, message and operation for each declared type; data schemas as the suite validates them."""
    models = list(DATA_MODELS.values())
    _, schemas = models_json_schema([(model, "validation") for model in models], ref_template=REFERENCES)
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
    data = {"$ref": f"#/components/schemas/{model.__name__}"}
    payload = {"type": "object", "required": ["id", "source", "type", "data"], "properties": {"data": data}}
    return {"name": model.event_type, "summary": _summary(model), "payload": payload}


def _summary(model: type[EventData]) -> str:
    return (model.__doc__ or "").split("\n")[0]


if __name__ == "__main__":
    print(json.dumps(document(), indent=2))
