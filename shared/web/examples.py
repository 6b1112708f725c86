"""Examples in an OpenAPI document. Those of requests are written by hand, on their models; those of answers are put together from
the examples of their fields, so that none says what its schema does not. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

BY_FORMAT: Mapping[str, str] = {
    "uuid": "7b0e8f4a-3c52-4d7e-9a61-2f0c5d8e1b94",
    "date-time": "2026-01-31T12:00:00Z",
    "date": "2026-01-31",
    "uri": "http://10.0.0.1:8780",
}
BY_TYPE: Mapping[str, Any] = {"string": "text", "boolean": True, "null": None}
Schema = Mapping[str, Any]


def example_of(schema: Schema, schemas: Mapping[str, Schema]) -> Any:
    """A value that the schema takes; `schemas` are those that it may refer to."""
    if "$ref" in schema:
        return example_of(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    for word in ("examples", "enum"):
        if schema.get(word):
            return schema[word][0]
    for word in ("example", "const", "default"):
        if schema.get(word) is not None:
            return schema[word]
    for word in ("oneOf", "anyOf", "allOf"):
        if word in schema:
            return example_of(schema[word][0], schemas)
    return _by_type(schema, schemas)


def _by_type(schema: Schema, schemas: Mapping[str, Schema]) -> Any:
    match schema.get("type"):
        case "object":
            return _object(schema, schemas)
        case "array":
            return _array(schema, schemas)
        case "integer" | "number":
            return _number(schema)
        case kind:
            return BY_FORMAT.get(schema.get("format", ""), BY_TYPE.get(str(kind)))


def _object(schema: Schema, schemas: Mapping[str, Schema]) -> Any:
    found = {name: example_of(each, schemas) for name, each in schema.get("properties", {}).items()}
    free = schema.get("additionalProperties")
    if isinstance(free, dict) and free:
        found[str(example_of(schema.get("propertyNames", {"const": "name"}), schemas))] = example_of(free, schemas)
    return found


def _array(schema: Schema, schemas: Mapping[str, Schema]) -> Any:
    if "prefixItems" in schema:
        return [example_of(each, schemas) for each in schema["prefixItems"]]
    return [example_of(schema.get("items", {}), schemas)]


def _number(schema: Schema) -> Any:
    least = schema.get("minimum", schema.get("exclusiveMinimum", 0))
    value = max(1, least if "minimum" in schema else least + 1)
    return min(value, schema.get("maximum", value))
