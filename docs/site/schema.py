"""JSON schemas as tables of Markdown, for the pages of events and doors. It knows neither OpenAPI nor AsyncAPI."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

KINDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "`true` or `false`",
    "null": "null",
}
MOST_WORDS = 12
"""Values of an enumeration that a cell of a table takes."""
MOST_SAID = 100_000
"""Upper bounds from here on are those of a column or of a machine, and say nothing to a reader."""


def cell(text: str) -> str:
    """A text in a table: on one line, with nothing in it that Markdown or HTML would take for their own."""
    flat = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;")
    return flat.replace("|", "\\|")


def anchor(name: str) -> str:
    """Where a schema stands on its page."""
    return f"schema-{name.lower()}"


def kind(schema: Any) -> str:
    """What values a schema takes, in words."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return f"[{name}](#{anchor(name)})"
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return _words(schema["enum"])
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return " or ".join(dict.fromkeys(kind(each) for each in schema[several]))
    return _plain(schema)


def members(schema: Any) -> str:
    """The members of an object, one in a row; of anything else, what it is."""
    if "properties" not in schema:
        return kind(schema)
    required = schema.get("required", ())
    rows = [
        f"| `{name}` | {cell(kind(each))} | {_said(each, name in required)} |"
        for name, each in schema["properties"].items()
    ]
    return "\n".join(["| Member | Type | |", "|---|---|---|", *rows])


def section(name: str, schema: Any) -> str:
    """A schema under its name."""
    said = cell(schema.get("description", ""))
    return "\n\n".join(filter(None, (f"#### {name} {{ #{anchor(name)} }}", said, members(schema))))


def named(schema: Any) -> Iterator[str]:
    """The names of the schemas that a part of a document refers to."""
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"].rsplit("/", 1)[1]
        for each in schema.values():
            yield from named(each)
    elif isinstance(schema, list):
        for each in schema:
            yield from named(each)


def reached(part: Any, schemas: Any) -> list[str]:
    """Every schema that a part of a document needs, by name, those that they need as well."""
    found: dict[str, None] = {}
    waiting = list(named(part))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = None
            waiting.extend(named(schemas[name]))
    return sorted(found)


def _plain(schema: Any) -> str:
    """A schema of one type."""
    if schema.get("type") == "array":
        return f"list of {kind(schema['items'])}" if schema.get("items") else "list"
    if schema.get("type") == "object":
        values = schema.get("additionalProperties")
        return f"object of {kind(values)}" if isinstance(values, dict) and values else "object"
    words = KINDS.get(schema.get("type", ""), "any value")
    if "format" in schema:
        words += f" ({schema['format']})"
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None and high < MOST_SAID:
        return f"{words}, {low:g} to {high:g}"
    return f"{words}, at least {low:g}" if low else words


def _words(values: list[Any]) -> str:
    shown = ", ".join(f"`{value}`" for value in values[:MOST_WORDS])
    return shown if len(values) <= MOST_WORDS else f"{shown}, {len(values) - MOST_WORDS} more"


def _said(schema: Any, required: bool) -> str:
    """What is said of a member, and what holds where it is left out."""
    said = cell(schema.get("description", ""))
    if required or "const" in schema:
        return said
    default = schema.get("default")
    left_out = f"`{json.dumps(default)}` if left out" if default not in (None, [], {}) else "may be left out"
    return f"{said}; {left_out}" if said else left_out
