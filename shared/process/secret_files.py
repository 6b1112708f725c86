"""Secrets from files: beside each variable that holds a secret stands one with `_FILE` at its end, the path of a file with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

FILE = "_FILE"
LONGEST = 64 * 1024


class SecretError(Exception):
    """A secret cannot be read; the text says why, and never what it is."""


def secret_of(name: str, environ: Mapping[str, str]) -> str | None:
    """The secret of a variable, from itself or from its file without the whitespace around it; None if neither is given.

    SecretError if both are, or the file cannot be read. A variable that is empty is not given.
    """
    plain, path = environ.get(name), environ.get(name + FILE)
    if not path:
        return plain
    if plain:
        raise SecretError(f"{name} and {name}{FILE} are both given; give one of them")
    try:
        with Path(path).open(encoding="utf-8") as stream:
            text = stream.read(LONGEST + 1)
    except (OSError, ValueError) as error:
        reason = "it is not text" if isinstance(error, UnicodeDecodeError) else error
        raise SecretError(f"{name}{FILE}: {path} cannot be read: {reason}") from None
    if len(text) > LONGEST or not text.strip():
        raise SecretError(f"{name}{FILE}: {path} is {'too long' if text.strip() else 'empty'}")
    return text.strip()


def read_secrets(names: Iterable[str], environ: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """The secrets that are given, by variable, and the faults of the others."""
    found: dict[str, str] = {}
    faults: list[str] = []
    for name in names:
        try:
            value = secret_of(name, environ)
        except SecretError as error:
            faults.append(str(error))
        else:
            found.update({} if value is None else {name: value})
    return found, faults
