"""Spans: what is done where in a trace, known to every log line within, and sent to a collector if there is one.

Without a collector a span costs some microseconds, and nothing of OpenTelemetry is loaded. A span never changes what is done in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from structlog.contextvars import bound_contextvars

from shared.contract.trace import PLACE, Kind, new_traceparent, trace_id
from shared.process.traces_settings import TracesSettings


class Span(Protocol):
    """What is done. `place`: its traceparent."""

    @property
    def place(self) -> str: ...
    def rename(self, name: str) -> None:
        """What it was is known better now."""

    def forget(self) -> None:
        """Nothing was done, so that there is nothing to be told."""

    def end(self, error: BaseException | None) -> None:
        """It is over."""


class Sender(Protocol):
    """Who sends spans to a collector."""

    def begin(self, name: str, within: str | None, kind: Kind, about: dict[str, str]) -> Span: ...
    def close(self) -> None: ...


class _Unsent:
    """A span that nobody is told of."""

    def __init__(self, place: str) -> None:
        self.place = place

    def rename(self, name: str) -> None:
        """Nobody hears it."""

    def forget(self) -> None:
        """Nobody hears it."""

    def end(self, error: BaseException | None) -> None:
        """Nobody hears it."""


_senders: list[Sender] = []
"""One, if this process sends its spans."""


def configure_traces(service: str, settings: TracesSettings) -> None:
    """Send this process's spans to the collector of the settings, if they name one."""
    if settings.sends_traces and not _senders:
        from shared.process.otlp import OtlpSender

        _senders.append(OtlpSender(service, settings.traces_url))


def close_traces() -> None:
    """Send what was not sent yet; called when a process ends."""
    for sender in _senders:
        sender.close()


@contextmanager
def span(name: str, within: str | None = None, kind: Kind = "internal", **about: str | None) -> Iterator[Span]:
    """What the block does is a span of the trace of `within`, or of the one that this task is in. `about`: what it is about, which
    its log lines say too."""
    within = within or PLACE.get()
    told = {key: value for key, value in about.items() if value is not None}
    begun = _senders[0].begin(name, within, kind, told) if _senders else _Unsent(new_traceparent(within))
    token, failure = PLACE.set(begun.place), None
    try:
        with bound_contextvars(trace_id=trace_id(begun.place), **told):
            yield begun
    except BaseException as error:
        failure = error
        raise
    finally:
        PLACE.reset(token)
        begun.end(failure)
