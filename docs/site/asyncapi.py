"""docs/asyncapi.json as a page: every event with who says it, where, and what is in it. It invents no word of its own."""

from __future__ import annotations

from typing import Any

from docs.site.schema import cell, members, reached, section

HEAD = """# Every event

Made from `docs/asyncapi.json`, which each service serves at `/asyncapi.json`. [Events](events.md) says how they are told,
and why they are believed. Each is a CloudEvents 1.0 document in structured JSON. What a type has of its own is in `data`; this is
around it:
"""


def page(document: Any) -> str:
    """The page in Markdown."""
    schemas = document["components"]["schemas"]
    said_by = {
        each["channel"]["$ref"].rsplit("/", 1)[1]: at.split(".")[0] for at, each in document["operations"].items()
    }
    data = {name: _data(name, document) for name in sorted(document["channels"])}
    parts = [HEAD, members(_envelope(document)), "## Types"]
    parts += [_event(name, data[name], said_by[name], document) for name in data]
    others = reached([schemas[each] for each in data.values()], schemas)
    parts += [
        "## What they are made of",
        *(section(name, schemas[name]) for name in others if name not in data.values()),
    ]
    return "\n\n".join(parts) + "\n"


def _event(name: str, data: str, speaker: str, document: Any) -> str:
    """One type of event."""
    schema, address = document["components"]["schemas"][data], document["channels"][name]["address"]
    return "\n\n".join(
        (f"### {name}", cell(schema["description"]), f"Said by: {speaker}. Subject: `{address}`.", members(schema))
    )


def _payload(name: str, document: Any) -> Any:
    schema = document["components"]["messages"][name]["payload"]
    return document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else schema


def _data(name: str, document: Any) -> str:
    """The name of the schema that an event's data have."""
    return str(_payload(name, document)["properties"]["data"]["$ref"].rsplit("/", 1)[1])


def _envelope(document: Any) -> Any:
    """What is around the data, as the suite's own events have it."""
    schema = _payload("MODEL_PROMOTED", document)
    return {**schema, "properties": {name: each for name, each in schema["properties"].items() if name != "data"}}
