"""Reading what comes from outside the suite, as CloudEvents 1.0 defines it: structured or binary, over HTTP or NATS. Pure.

Any id, any source, optional attributes optional; attributes that nobody here knows are kept. What cannot be read is refused in
words. It does not know what the data mean. Source: the CloudEvents core specification 1.0.2 with its JSON format and its HTTP and
NATS bindings.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from shared.contract.trace import continued
from shared.contract.trace import read as read_place

LONGEST_EVENT = 256 * 1024
LONGEST_ATTRIBUTE = 1024
MOST_ATTRIBUTES = 100
STRUCTURED = "application/cloudevents+json"
REQUIRED = ("id", "source", "type")
OPTIONAL = ("subject", "time", "dataschema", "datacontenttype")
_BINARY = "ce-"


class UnreadableError(Exception):
    """It is no CloudEvent that can be read; the text says what is wrong and what would be right."""


@dataclass(frozen=True)
class CloudEvent:
    """An event from outside. `attributes`: all that it came with, known or not; `data`: its JSON."""

    id: str
    source: str
    type: str
    traceparent: str
    data: Any
    attributes: Mapping[str, Any] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """The event in the JSON format, with everything that came."""
        return {**self.attributes, "traceparent": self.traceparent, "data": self.data}


def read(headers: Mapping[str, str], payload: bytes) -> CloudEvent:
    """The event of a message or request. UnreadableError if it is none."""
    if len(payload) > LONGEST_EVENT:
        raise UnreadableError(f"the event has {len(payload)} bytes; {LONGEST_EVENT} are the most")
    lower = {name.lower(): value for name, value in headers.items()}
    content_type = lower.get("content-type", "").partition(";")[0].strip().lower()
    if content_type.startswith("application/cloudevents-batch"):
        raise UnreadableError("a batch of events is not taken; send each by itself")
    if content_type != STRUCTURED and f"{_BINARY}specversion" in lower:
        return _event(_binary_attributes(lower), _json(payload, "the body"))
    return _structured(_json(payload, "the event"))


def _structured(document: Any) -> CloudEvent:
    if not isinstance(document, dict) or "specversion" not in document:
        raise UnreadableError(
            f"the body is no CloudEvent: send JSON with specversion, id, source, type and data as {STRUCTURED}, "
            f"or the data alone with the headers ce-specversion, ce-id, ce-source and ce-type"
        )
    attributes = {name: value for name, value in document.items() if value is not None}
    data, encoded = attributes.pop("data", None), attributes.pop("data_base64", None)
    if encoded is not None:
        data = _json(_decoded(encoded), "data_base64")
    return _event(attributes, data)


def _binary_attributes(headers: Mapping[str, str]) -> dict[str, Any]:
    named = {name.removeprefix(_BINARY): unquote(value) for name, value in headers.items() if name.startswith(_BINARY)}
    content_type = headers.get("content-type")
    return named | ({"datacontenttype": content_type} if content_type else {})


def _event(attributes: dict[str, Any], data: Any) -> CloudEvent:
    _require_version(attributes)
    if len(attributes) > MOST_ATTRIBUTES:
        raise UnreadableError(f"the event has {len(attributes)} attributes; {MOST_ATTRIBUTES} are the most")
    if name := next((name for name, value in attributes.items() if "\0" in f"{name}{value}"), None):
        raise UnreadableError(f"{name} contains the character U+0000, which cannot be stored")
    for name in REQUIRED:
        _require_text(name, attributes.get(name), f"{name} is missing; CloudEvents needs id, source and type")
    for name in OPTIONAL:
        if name in attributes:
            _require_text(name, attributes[name], f"{name} is empty; leave it out")
    _require_time(attributes.get("time"))
    content_type = attributes.get("datacontenttype", "application/json")
    if not re.match(r"^[^/;]+/([^;]+\+)?json\s*(;|$)", content_type):
        raise UnreadableError(f"datacontenttype is {content_type}; it must be application/json")
    traceparent = read_place(str(attributes.get("traceparent", ""))) or continued(None)
    return CloudEvent(attributes["id"], attributes["source"], attributes["type"], traceparent, data, attributes)


def _require_version(attributes: Mapping[str, Any]) -> None:
    if attributes.get("specversion") != "1.0":
        raise UnreadableError(f'specversion is {attributes.get("specversion")!r}; it must be "1.0"')


def _require_text(name: str, value: object, missing: str) -> None:
    if value is None or value == "":
        raise UnreadableError(missing)
    if not isinstance(value, str):
        raise UnreadableError(f"{name} is no text")
    if len(value) > LONGEST_ATTRIBUTE:
        raise UnreadableError(f"{name} has {len(value)} characters; {LONGEST_ATTRIBUTE} are the most")
    if not value.isprintable():
        raise UnreadableError(f"{name} contains control characters")


def _require_time(value: str | None) -> None:
    if value is None:
        return
    try:
        zone = datetime.fromisoformat(value).tzinfo
    except ValueError:
        zone = None
    if zone is None:
        raise UnreadableError(f"time is {value!r}; it must look like 2026-01-31T12:00:00Z")


def _decoded(encoded: object) -> bytes:
    try:
        return base64.b64decode(str(encoded), validate=True)
    except binascii.Error:
        raise UnreadableError("data_base64 is no base64") from None


def _json(payload: bytes, what: str) -> Any:
    try:
        document = json.loads(payload, parse_constant=_refuse_constant)
        json.dumps(document, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"{what} is no JSON: {error}") from None
    if b"\\u0000" in payload:
        raise UnreadableError(f"{what} contains the character U+0000, which cannot be stored")
    return document


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")
