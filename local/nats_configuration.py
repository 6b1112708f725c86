"""Writes values in the configuration language of nats-server, so that it reads back exactly what was meant.

The language looks like JSON and is not: its strings know other escapes, and hold bytes.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

Value = str | int | bool | Mapping[str, "Value"] | Sequence["Value"]
PLAIN = frozenset(b" !#$%&'()*+,-./:;<=>?@[]^_`{|}~") | frozenset(
    byte for byte in range(128) if chr(byte).isalnum()
)  # fmt: skip


def configuration(values: Mapping[str, Value], indent: str = "") -> str:
    """The text of a configuration, a line for each value. Names are ours and need no escapes."""
    return "".join(f"{indent}{name}: {_value(value, indent)}\n" for name, value in values.items())


def _value(value: Value, indent: str) -> str:
    if isinstance(value, Mapping):
        return "{\n" + configuration(value, indent + "  ") + indent + "}"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return string(value)
    return str(value) if isinstance(value, int) else "[" + ", ".join(_value(each, indent) for each in value) + "]"


def string(text: str) -> str:
    """A string; file names that are no UTF-8 keep their bytes. Everything but plain ASCII is written as `\\xHH`."""
    return '"' + "".join(chr(byte) if byte in PLAIN else f"\\x{byte:02x}" for byte in os.fsencode(text)) + '"'
