"""A collector of OpenTelemetry in this process: takes spans by OTLP over HTTP, and remembers them."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import NamedTuple

from tests.kit.http_server import serving


class Seen(NamedTuple):
    """A span as it came. `parent`: empty for the first of a trace; `about`: its attributes."""

    service: str
    name: str
    trace: str
    span: str
    parent: str
    failed: bool
    about: dict[str, str]


@dataclass
class Collector:
    """Where it listens, and what came."""

    url: str = ""
    spans: list[Seen] = field(default_factory=list)

    def of(self, trace: str) -> list[Seen]:
        """The spans of one trace."""
        return [each for each in self.spans if each.trace == trace]


@contextmanager
def collecting() -> Iterator[Collector]:
    """Collect while the block lasts."""
    collector = Collector()

    class Taker(BaseHTTPRequestHandler):
        """Takes what is posted to /v1/traces."""

        def do_POST(self) -> None:
            """Remember the spans."""
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path == "/v1/traces":
                collector.spans += _read(body, self.headers.get("Content-Encoding", ""))
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with serving(Taker) as collector.url:
        yield collector


def _read(body: bytes, encoding: str) -> list[Seen]:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
    from opentelemetry.proto.trace.v1.trace_pb2 import Status

    request = ExportTraceServiceRequest.FromString(gzip.decompress(body) if encoding == "gzip" else body)
    seen = []
    for resource in request.resource_spans:
        service = {each.key: each.value.string_value for each in resource.resource.attributes}["service.name"]
        for span in (span for scope in resource.scope_spans for span in scope.spans):
            ids = (span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex())
            about = {each.key: each.value.string_value for each in span.attributes}
            seen.append(Seen(service, span.name, *ids, span.status.code == Status.STATUS_CODE_ERROR, about))
    return seen
