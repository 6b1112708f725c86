"""The OpenAPI document of a process as a page: operations by tag, what each takes and answers. It invents no word of its own."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from docs.site.schema import cell, kind, reached, section

PROBLEM = "application/problem+json"


class Operation(NamedTuple):
    """An operation, and where it is."""

    method: str
    path: str
    described: Any


def page(document: Any, process: str, port: int) -> str:
    """The page in Markdown."""
    all_of_them = [
        Operation(method.upper(), path, each)
        for path, methods in document["paths"].items()
        for method, each in methods.items()
    ]
    usual = _usual(all_of_them)
    parts = [
        f"# {process.capitalize()}",
        f"{document['info']['description']} Port {port}. [The doors](../api.md) says what holds for every operation.",
    ]
    for tag in document.get("tags", ()):
        parts += [f"## {tag['name'].capitalize()}", cell(tag["description"])]
        parts += [_operation(each, usual) for each in all_of_them if tag["name"] in each.described["tags"]]
    parts += ["## Problems that every operation has", _table(usual)]
    parts += ["## Schemas", *_schemas(document, all_of_them)]
    return "\n\n".join(parts) + "\n"


def _operation(operation: Operation, usual: dict[str, str]) -> str:
    """One operation."""
    each = operation.described
    rights = [right for need in each.get("security", ()) for right in need["api_key"]]
    asks = f". Rights: `{'`, `'.join(rights)}`." if rights else ""
    parts = [
        f"### {each['summary']} {{ #{each['operationId']} }}",
        f"`{operation.method} {operation.path}`{asks}",
        each.get("description", ""),
        _parameters(each),
        *_body(each),
        _table(dict(_answers(each)) | {at: said for at, said in _problems(each) if at not in usual}),
    ]
    return "\n\n".join(filter(None, parts))


def _parameters(described: Any) -> str:
    rows = [
        f"| `{each['name']}` | {each['in']}{', required' if each.get('required') and each['in'] != 'path' else ''} "
        f"| {cell(kind(each['schema']))} | {cell(each.get('description', ''))} |"
        for each in described.get("parameters", ())
    ]
    return "\n".join(["| Parameter | In | Type | |", "|---|---|---|---|", *rows]) if rows else ""


def _body(described: Any) -> Iterator[str]:
    """What an operation takes, with its first example."""
    for media, content in described.get("requestBody", {}).get("content", {}).items():
        yield f"Body, `{media}`: {kind(content.get('schema', {}))}"
        examples = [each["value"] for each in content.get("examples", {}).values()]
        for example in [content["example"]] if "example" in content else examples[:1]:
            yield f"```json\n{json.dumps(example, indent=2)}\n```"


def _answers(described: Any) -> Iterator[tuple[str, str]]:
    """What is answered when all went well."""
    for status, answer in described["responses"].items():
        for media, content in answer.get("content", {}).items():
            if media != PROBLEM:
                yield status, f"{kind(content.get('schema', {}))}, `{media}`"
        if not answer.get("content"):
            yield status, cell(answer["description"])


def _problems(described: Any) -> Iterator[tuple[str, str]]:
    """Each problem that an operation declares, by its status and word."""
    for status, answer in described["responses"].items():
        if PROBLEM in answer.get("content", {}):
            for line in answer["description"].split("\n\n"):
                word, _, said = line.partition(": ")
                yield f"{status} {word}", cell(said)


def _usual(operations: list[Operation]) -> dict[str, str]:
    """The problems that at least three of four operations have."""
    said = [problem for each in operations for problem in dict(_problems(each.described)).items()]
    counted = Counter(at for at, _ in said)
    return {at: words for at, words in sorted(said) if 4 * counted[at] >= 3 * len(operations)}


def _table(rows: dict[str, str]) -> str:
    return "\n".join(["| Answer | |", "|---|---|", *(f"| {at} | {rows[at]} |" for at in sorted(rows))])


def _schemas(document: Any, operations: list[Operation]) -> list[str]:
    schemas = document["components"]["schemas"]
    return [section(name, schemas[name]) for name in reached([each.described for each in operations], schemas)]
