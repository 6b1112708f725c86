"""The settings of traces. The variables of OpenTelemetry say the rest: headers, sampling, time limits."""

from __future__ import annotations

import os
from importlib.util import find_spec

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.process.http_settings import Address

STANDARD = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
LIBRARIES = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")


class TracesSettings(BaseSettings):
    """Where this process sends its spans."""

    model_config = SettingsConfigDict(env_prefix="RINGRIFT_", extra="ignore", frozen=True)

    traces_url: Address | None = Field(
        default=None, description="Collector that spans are sent to, by OTLP over HTTP, such as http://127.0.0.1:4318"
    )

    @property
    def sends_traces(self) -> bool:
        """Whether there is a collector: here, or in OpenTelemetry's own variables."""
        return self.traces_url is not None or any(os.environ.get(name) for name in STANDARD)

    def traces_faults(self) -> list[str]:
        """What is wrong, in words."""
        if self.traces_url is not None and not can_send():
            return ["RINGRIFT_TRACES_URL needs the extra tracing: pip install 'ringrift-suite[tracing]'"]
        return []


def can_send() -> bool:
    """Whether the libraries are installed that send spans."""
    try:
        return all(find_spec(name) is not None for name in LIBRARIES)
    except ModuleNotFoundError:
        return False
