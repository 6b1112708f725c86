"""Where in a trace what is done now stands: W3C Trace Context, in the variable of a task. Pure; nothing is sent from here."""

from __future__ import annotations

import re
import secrets
from contextvars import ContextVar
from typing import Literal

HEADER = "traceparent"
"""The header of requests, answers and messages."""
TRACEPARENT_PATTERN = "^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$"
Kind = Literal["internal", "server", "consumer", "producer"]
"""Of spans."""
PLACE: ContextVar[str | None] = ContextVar("traceparent", default=None)
"""The place of what this task does now, None if it is in no trace."""


def read(traceparent: str | None) -> str | None:
    """A place that somebody else names, None if it is none."""
    named = traceparent is not None and re.fullmatch(TRACEPARENT_PATTERN, traceparent) is not None
    return traceparent if named else None


def trace_id(traceparent: str) -> str:
    """The trace of a place."""
    return traceparent.split("-")[1]


def new_traceparent(cause: str | None = None) -> str:
    """A new place, in the trace of `cause` where there is one, and recorded if that is."""
    _, trace, _, flags = cause.split("-") if cause else ("00", secrets.token_hex(16), "", "01")
    return f"00-{trace}-{secrets.token_hex(8)}-{flags}"


def continued(cause: str | None) -> str:
    """The place of what is said now because of `cause`: that of this moment, if it is in the same trace, else a new one."""
    now = PLACE.get()
    if now is not None and (cause is None or trace_id(now) == trace_id(cause)):
        return now
    return new_traceparent(cause)
