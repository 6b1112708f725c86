"""The OpenAPI document of a process, finished: what FastAPI derives from the routes, with what people and generators need besides.

Examples everywhere, `security` on every operation, problems as nothing but problem+json, and streams as OpenAPI 3.1 has them.
Knows no route by name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI

from shared.web.examples import example_of
from shared.web.problems import MEDIA_TYPE

SERVER = "The server that this document comes from"
LICENSE = {"name": "MIT", "identifier": "MIT"}


def finish(app: FastAPI) -> None:
    """Have the application's document finished, once it is asked for."""
    derive = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            _finish(derive())
        return derive()

    app.openapi = openapi  # type: ignore[method-assign] # as FastAPI documents it


def _finish(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    _name_values(document)
    for operation in operations(document):
        operation.setdefault("security", [])
        for parameter in operation.get("parameters", ()):
            _show(parameter, schemas)
        for media in operation.get("requestBody", {}).get("content", {}).values():
            media["schema"] = _named(media["schema"], schemas)
            media.setdefault("example", example_of(media["schema"], schemas))
        for status, answer in operation["responses"].items():
            _finish_answer(status, answer, schemas)
    _drop_unused(document)


def _name_values(part: Any) -> None:
    """Say of objects by key what their values are where generators look for it; the keys' pattern stands beside it."""
    for each in part.values() if isinstance(part, dict) else part:
        if isinstance(each, dict | list):
            _name_values(each)
    if isinstance(part, dict) and len(part.get("patternProperties", ())) == 1:
        [(pattern, values)] = part.pop("patternProperties").items()
        part["additionalProperties"] = values
        part["propertyNames"] = {**part.get("propertyNames", {}), "pattern": pattern}


def _drop_unused(document: dict[str, Any]) -> None:
    """Leave out the schemas that nothing refers to: bases, of which only what is made from them is said."""
    schemas = document["components"]["schemas"]
    while True:
        used = set(re.findall('"#/components/schemas/([^"]+)"', json.dumps(document)))
        unused = schemas.keys() - used
        if not unused:
            return
        for name in unused:
            del schemas[name]


def operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every operation of a document."""
    return (operation for path in document["paths"].values() for operation in path.values())


def _named(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """A body that a route reads itself is described where it is used; it gets its place among the others."""
    if "title" not in schema:
        return schema
    schemas.update(schema.pop("$defs", {}))
    schemas[schema["title"]] = schema
    return {"$ref": f"#/components/schemas/{schema['title']}"}


def _show(parameter: dict[str, Any], schemas: dict[str, Any]) -> None:
    """What is needed is filled in by pages that let people try an operation; what is not is shown beside its schema."""
    if parameter["required"]:
        parameter.setdefault("example", example_of(parameter["schema"], schemas))
    elif "examples" not in parameter:
        parameter["schema"].setdefault("examples", [example_of(parameter["schema"], schemas)])


def _finish_answer(status: str, answer: dict[str, Any], schemas: dict[str, Any]) -> None:
    content = answer.get("content", {})
    if MEDIA_TYPE in content:
        answer["content"] = {MEDIA_TYPE: content[MEDIA_TYPE]}
        return
    for name, media in content.items():
        if "itemSchema" in media:
            media |= _stream(name, media.pop("itemSchema"))
        elif name == "application/json":
            media.setdefault("example", example_of(media["schema"], schemas))


def _stream(media_type: str, item: dict[str, Any]) -> dict[str, Any]:
    """What OpenAPI 3.1 says of a stream: of server-sent events, what one of them is; else text, with the items in an extension."""
    if media_type == "text/event-stream":
        return {"schema": {**item, "description": "One of the events"}}
    return {"schema": {"type": "string", "description": "One `x-item-schema` on each line"}, "x-item-schema": item}
