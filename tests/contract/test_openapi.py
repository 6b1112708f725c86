"""The OpenAPI documents that clients are generated from."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from shared.contract.events import DATA_MODELS
from tests.kit.documents import PROCESSES
from tests.kit.documents import document as document_of


@pytest.fixture(params=PROCESSES)
def document(request: pytest.FixtureRequest) -> Any:
    """The OpenAPI document of each process in turn."""
    return document_of(request.param)


def operations(document: Any) -> list[Any]:
    """Every operation of a document."""
    return [operation for path in document["paths"].values() for operation in path.values()]


def test_every_operation_has_a_name_of_its_own(document: Any) -> None:
    """Generated clients call their functions by operation id."""
    names = [operation["operationId"] for operation in operations(document)]
    assert sorted(names) == sorted(set(names))
    assert all(re.fullmatch("[a-z_]+", name) for name in names)


def test_every_reference_leads_somewhere(document: Any) -> None:
    """No schema is referred to that the document does not hold."""
    referred = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document)))
    assert referred <= set(document["components"]["schemas"])


def within(schema: Any, document: Any) -> Iterator[Any]:
    """A schema, and every one that it is made of."""
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    yield schema
    free = schema.get("additionalProperties")
    names = [schema.get("propertyNames"), free if isinstance(free, dict) else None]
    below = [schema.get("items"), *names, *schema.get("anyOf", ()), *schema.get("properties", {}).values()]
    for each in filter(None, below):
        yield from within(each, document)


def let_in(document: Any) -> Iterator[tuple[str, Any]]:
    """What each operation lets in, by its name: every value of its parameters and its body that is not one of a few."""
    for operation in operations(document):
        bodies = operation.get("requestBody", {}).get("content", {}).values()
        for given in [*operation.get("parameters", ()), *bodies]:
            for schema in within(given["schema"], document):
                if "enum" not in schema and "const" not in schema:
                    yield f"{operation['operationId']}: {given.get('name', 'body')}", schema


def unbounded(schema: Any) -> bool:
    """Whether a text, a list, or an object whose keys are free, may be as long as anybody likes."""
    kind = schema.get("type")
    if kind == "string":
        return not ({"maxLength", "format"} & set(schema) or has_an_end(schema.get("pattern", "*")))
    if kind == "array":
        return "maxItems" not in schema
    keys_are_free = schema.get("additionalProperties", "properties" not in schema)
    return kind == "object" and keys_are_free is not False and "maxProperties" not in schema


def has_an_end(pattern: str) -> bool:
    """Whether what a pattern takes cannot be of any length."""
    return re.search(r"[*+]|,}", re.sub(r"\[.*?\]", "", pattern)) is None


def test_f36_every_integer_has_its_range(document: Any) -> None:
    """What a column cannot hold is refused as a wrong value, and never reaches the database."""
    for name, schema in let_in(document):
        if schema.get("type") == "integer":
            assert {"minimum", "maximum"} <= set(schema), (name, schema)
            assert schema["maximum"] <= 2**63  # 2**63 - 1, as OpenAPI's floating point has it


def test_f59_everything_that_is_let_in_has_a_longest(document: Any) -> None:
    """No text, list or object of a request may be as long as anybody likes."""
    assert [(name, schema) for name, schema in let_in(document) if unbounded(schema)] == []


def test_f59_every_text_of_a_body_can_be_stored(document: Any) -> None:
    """Postgres stores no U+0000, so each text of a body has a pattern or a format that refuses it."""
    texts = [(name, schema) for name, schema in let_in(document) if schema.get("type") == "string"]
    bodies = [(name, schema) for name, schema in texts if name.endswith(": body")]
    assert [each for each in bodies if not {"pattern", "format"} & set(each[1])] == []
    assert all(re.search(schema["pattern"], "a\0b") is None for _, schema in bodies if "pattern" in schema)


@pytest.mark.parametrize("event_type", DATA_MODELS)
def test_f59_everything_that_an_event_says_has_a_longest(event_type: str) -> None:
    """The same holds for the data of events, whoever sent them."""
    schema = DATA_MODELS[event_type].model_json_schema(ref_template="#/components/schemas/{model}")
    document = {"components": {"schemas": schema.get("$defs", {})}}
    found = [each for each in within(schema, document) if "enum" not in each and "const" not in each]
    assert [each for each in found if unbounded(each) and "properties" not in each] == []


def test_every_error_is_a_problem(document: Any) -> None:
    """Wherever a route says that it may refuse, it is with problem+json."""
    for operation in operations(document):
        for status, answer in operation["responses"].items():
            if status.startswith(("4", "5")):
                assert "application/problem+json" in answer["content"], (operation["operationId"], status)
