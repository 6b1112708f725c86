"""Files of the audit as commands read them: rows as JSON lines, and the heads that somebody kept. Asks nobody."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ringrift_client import FrontDoorError

from shared.contract.audit_chain import ChainHead


def rows_of(path: Path) -> Iterator[Any]:
    """The rows of a file, in its order. FrontDoorError if it cannot be read, or a line is no JSON object."""
    for number, line in enumerate(_lines(path), 1):
        if line.strip():
            yield _object(line, f"line {number} of {path}")


def heads_of(path: Path) -> list[ChainHead]:
    """The heads in what `ringrift audit verify --json` printed. FrontDoorError if there are none."""
    kept = _object("\n".join(_lines(path)), str(path))
    try:
        return [ChainHead(each["configuration"], int(each["sequence"]), str(each["hash"])) for each in kept["heads"]]
    except (KeyError, TypeError, ValueError):
        raise FrontDoorError(f"{path} has no heads; `ringrift audit verify --json` prints them") from None


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise FrontDoorError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from None


def _object(text: str, where: str) -> Any:
    try:
        found = json.loads(text, object_pairs_hook=_named_once)
    except (ValueError, RecursionError) as error:
        raise FrontDoorError(f"{where} is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise FrontDoorError(f"{where} is no JSON object")
    return found


def _named_once(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose members have different names: of others readers see different values."""
    found = dict(members)
    if len(found) < len(members):
        raise ValueError("a member is there twice")
    return found
