"""Sending spans by OTLP over HTTP, in the background and in batches. Loaded only where there is a collector. The extra: `tracing`.

A collector that is away costs spans, never work: what cannot be sent is dropped.
"""

from __future__ import annotations

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span as OtelSpan
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from shared.contract.trace import HEADER, Kind

KINDS = {
    "internal": SpanKind.INTERNAL, "server": SpanKind.SERVER, "consumer": SpanKind.CONSUMER, "producer": SpanKind.PRODUCER,
}  # fmt: skip
_PROPAGATOR = TraceContextTextMapPropagator()


class OtlpSpan:
    """A span that is sent when it ends."""

    def __init__(self, span: OtelSpan) -> None:
        self._span, self._is_told, context = span, True, span.get_span_context()
        self.place = f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"

    def rename(self, name: str) -> None:
        """Give it another name."""
        self._span.update_name(name)

    def forget(self) -> None:
        """It is never sent: what does not end is not exported."""
        self._is_told = False

    def end(self, error: BaseException | None) -> None:
        """Send it soon; an error is told with its text."""
        if not self._is_told:
            return
        if error is not None:
            self._span.set_status(Status(StatusCode.ERROR, f"{type(error).__name__}: {error}"))
        self._span.end()


class OtlpSender:
    """`url`: of the collector, None if the variables of OpenTelemetry name it."""

    def __init__(self, service: str, url: str | None) -> None:
        exporter = OTLPSpanExporter(endpoint=f"{url}/v1/traces") if url else OTLPSpanExporter()
        self._provider = TracerProvider(resource=Resource.create({SERVICE_NAME: f"ringrift-{service}"}))
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("ringrift")

    def begin(self, name: str, within: str | None, kind: Kind, about: dict[str, str]) -> OtlpSpan:
        """A span, within another one or as the first of its trace."""
        parent = _PROPAGATOR.extract({HEADER: within}) if within else None
        attributes = {f"ringrift.{key}": value for key, value in about.items()}
        return OtlpSpan(self._tracer.start_span(name, parent, KINDS[kind], attributes))

    def close(self) -> None:
        """Send what is left, for a moment at most."""
        self._provider.force_flush(3000)
