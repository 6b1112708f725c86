"""OpenAPI's links: to which operation an answer leads next, and what of it that operation asks for."""

from __future__ import annotations

from typing import Any


def linked(status: int, **targets: dict[str, str]) -> dict[int | str, dict[str, Any]]:
    """OpenAPI's `responses` for an answer that leads to other operations of the same document.

    Each target is an operation id with its parameters, as runtime expressions: `read_evaluation={"evaluation_id": ID}`.
    """
    links = {name: {"operationId": name, "parameters": parameters} for name, parameters in targets.items()}
    return {status: {"links": links}}


ID = "$response.body#/id"
"""What the answer calls itself."""
FIRST_ID = "$response.body#/items/0/id"
"""What the first item of a list calls itself."""
NEXT = "$response.body#/next"
"""Where a list goes on."""
