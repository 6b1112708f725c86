"""What people and generators need of the OpenAPI documents: examples, one name for one thing, pages, every answer declared.

The linter's rules (tests/contract/spectral.yaml) that matter most are here too, so that they hold where there is no linter.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from jsonschema_rs import validator_for

from shared.contract.events import DATA_MODELS
from shared.web.application import OF_EVERY_GUARDED_ROUTE, OF_EVERY_ROUTE
from shared.web.examples import example_of
from tests.kit.documents import PROCESSES, document, every_operation, operations

OPEN = {"index", "livez", "readyz", "read_health"}
"""Operations that need no key."""
VERBS = re.compile("^(?!get_|fetch_|show_)[a-z]+(_[a-z]+)*$")
WHOLE = {"list_good_keys", "read_curriculum"}
"""Lists of which a part would be of no use: whoever checks keys needs all of them, and so does who reads weights."""


def schemas(process: str) -> Any:
    """The schemas of a process's document."""
    return document(process)["components"]["schemas"]


def whole(process: str, schema: Any) -> Any:
    """A schema with all that it may refer to, to validate with."""
    return {**schema, "components": {"schemas": schemas(process)}}


@pytest.mark.parametrize("process", PROCESSES)
def test_f62_every_example_is_one(process: str) -> None:
    """Examples of parameters, bodies and answers are what their schemas take, and each operation has them."""
    for operation in operations(process):
        for each in operation.parameters:
            schema = each["schema"]
            shown = [each["example"]] if "example" in each else [*schema.get("examples", ())]
            shown += [example["value"] for example in each.get("examples", {}).values()]
            assert shown, f"{operation}: {each['name']} has no example; give its annotation `examples=[...]`"
            assert "description" in each or "description" in schema, f"{operation}: {each['name']} has no description"
            for value in shown:
                assert not complaints(process, schema, value), f"{operation}: {each['name']} is not like {value!r}"
        if operation.body is not None:
            _, media = operation.body
            assert not complaints(process, media["schema"], media["example"]), str(operation)
        for status, answer in operation.described["responses"].items():
            for media_type, media in answer.get("content", {}).items():
                if media_type == "application/json":
                    found = complaints(process, media["schema"], media["example"])
                    assert not found, f"{operation}: {status}: {found}"


def complaints(process: str, schema: Any, value: Any) -> str:
    """What is wrong with a value, empty if nothing is."""
    error = next(iter(validator_for(whole(process, schema), validate_formats=True).iter_errors(value)), None)
    return "" if error is None else f"{list(error.instance_path)}: {error.message}"


@pytest.mark.parametrize("process", PROCESSES)
def test_f62_examples_of_bodies_are_written_by_hand(process: str) -> None:
    """Put together from least values, an example would ask for two games, or for somebody's node."""
    for operation in operations(process):
        if operation.body is not None and operation.name not in ("announce_training", "send_upload"):
            schema = operation.body[1]["schema"]
            named = schemas(process)[schema["$ref"].rpartition("/")[2]]
            assert named.get("examples"), f"{operation}: give its body `json_schema_extra={{'examples': [...]}}`"


@pytest.mark.parametrize("process", PROCESSES)
def test_f61_every_operation_declares_what_it_may_answer(process: str) -> None:
    """Also what the server itself may answer to anybody, and what who has no key gets."""
    for operation in operations(process):
        common = OF_EVERY_ROUTE if operation.name in OPEN else OF_EVERY_GUARDED_ROUTE
        for kind in common:
            declared = operation.described["responses"].get(str(kind.status))
            assert declared, f"{operation} does not declare {kind.status}"
            assert kind.slug in declared["content"]["application/problem+json"]["examples"], (str(operation), kind.slug)


@pytest.mark.parametrize("process", PROCESSES)
def test_f61_types_of_problems_are_words(process: str) -> None:
    """A program that reads a type reads what happened, and not a number."""
    for operation in operations(process):
        for answer in operation.described["responses"].values():
            for example in answer.get("content", {}).get("application/problem+json", {}).get("examples", {}).values():
                assert re.fullmatch("urn:ringrift:problem:[a-z]+(-[a-z]+)*", example["value"]["type"])


def test_f70_one_name_is_one_thing() -> None:
    """A schema that several documents have is the same in all, and so is an operation."""
    known: dict[str, Any] = {}
    for process in PROCESSES:
        for name, schema in schemas(process).items():
            assert known.setdefault(name, schema) == schema, f"{name} of {process} is another one elsewhere"
    paths: dict[str, tuple[str, str]] = {}
    for operation in every_operation():
        where = (operation.method, operation.path)
        assert paths.setdefault(operation.name, where) == where, f"{operation} is another operation elsewhere"


def test_f70_operations_are_called_by_the_same_verbs() -> None:
    """What reads one thing is `read_`, what reads many `list_`, in every process."""
    for operation in every_operation():
        assert VERBS.match(operation.name), f"{operation}: say read_, list_, or what it does"


@pytest.mark.parametrize("process", PROCESSES)
def test_f70_tags_servers_and_security_are_described(process: str) -> None:
    """Each tag has its sentence, the server is named, and each operation says which key it needs, or that it needs none."""
    described = {tag["name"]: tag["description"] for tag in document(process).get("tags", ())}
    assert document(process)["servers"]
    assert document(process)["info"]["license"]["identifier"] == "MIT"
    for operation in operations(process):
        [tag] = operation.described["tags"]
        assert described[tag].endswith(".")
        assert bool(operation.described["security"]) is (operation.name not in OPEN), str(operation)
        assert operation.described["summary"], str(operation)
        assert operation.described["description"], str(operation)


@pytest.mark.parametrize("process", PROCESSES)
def test_f70_documents_are_openapi_of_their_version(process: str) -> None:
    """`itemSchema` comes after 3.1, which the documents say they are."""
    assert document(process)["openapi"].startswith("3.1")
    assert '"itemSchema"' not in str(document(process)).replace("'", '"')


@pytest.mark.parametrize("process", PROCESSES)
def test_every_list_has_pages(process: str) -> None:
    """What answers `items` says in `next` how to go on, and takes that as a parameter with a limit; or has a few items at most."""
    for operation in operations(process):
        answer = operation.described["responses"].get("200", {}).get("content", {}).get("application/json")
        if answer is None or "$ref" not in answer["schema"] or operation.method != "GET" or operation.name in WHOLE:
            continue
        members = schemas(process)[answer["schema"]["$ref"].rpartition("/")[2]].get("properties", {})
        if "items" not in members or members["items"].get("maxItems", 1000) <= 100:
            continue
        names = {each["name"] for each in operation.parameters}
        assert "next" in members, f"{operation} does not say how to go on"
        assert "limit" in names, str(operation)
        assert {"after", "before"} & names, str(operation)


def test_links_lead_to_operations_with_their_parameters() -> None:
    """Each link names an operation of the same document, and parameters that it has."""
    for process in PROCESSES:
        known = {each.name: {parameter["name"] for parameter in each.parameters} for each in operations(process)}
        for operation in operations(process):
            for answer in operation.described["responses"].values():
                for name, link in answer.get("links", {}).items():
                    assert set(link["parameters"]) <= known[name], f"{operation} links to {name}"


@pytest.mark.parametrize("process", ["gauntlet", "promotion", "distribution"])
def test_f60_events_are_described_by_their_types(process: str) -> None:
    """The feed's document has a schema for each type's data, told apart by `type`."""
    event = schemas(process)["Event"]
    assert event["discriminator"]["propertyName"] == "type"
    assert set(event["discriminator"]["mapping"]) == set(DATA_MODELS)
    for name, reference in event["discriminator"]["mapping"].items():
        model = schemas(process)[reference.rpartition("/")[2]]
        assert model["properties"]["type"]["const"] == name
        assert model["properties"]["data"]["$ref"].endswith(f"/{DATA_MODELS[name].__name__}")


@pytest.mark.parametrize("process", PROCESSES)
def test_f60_no_answer_is_anything_at_all(process: str) -> None:
    """An object whose members nobody knows is a payload that generated clients lose; the announcement as it came is one."""
    free = []
    for name, schema in schemas(process).items():
        for member, each in schema.get("properties", {}).items():
            tells = {"properties", "additionalProperties"} & set(each)
            is_open = each.get("additionalProperties") is True or (each.get("type") == "object" and not tells)
            if is_open or not set(each) - {"title", "description", "default"}:
                free.append(f"{name}.{member}")
    assert set(free) <= {"TrainingView.event"}


def test_an_example_takes_the_schema_s_own_first() -> None:
    """What is written beside a field is shown; else what its type needs."""
    schema = {"type": "object", "properties": {"a": {"type": "integer", "minimum": 3}, "b": {"examples": ["x"]}}}
    assert example_of(schema, {}) == {"a": 3, "b": "x"}
