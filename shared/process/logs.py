"""Structured logs: one JSON object a line on standard error, the same keys in every service.

A line always has `time`, `level`, `service`, `event`. Bind `configuration`, `digest`, `evaluation_id` and `node` where known.
"""

from __future__ import annotations

import logging
import sys

import structlog

from shared.process.repeated_lines import CountRepeats


def configure_logs(service: str, level: str = "INFO") -> None:
    """Send this process's logs, and those of the libraries it uses, to standard error as JSON lines."""
    processors: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        _plain_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        structlog.processors.format_exc_info,
        lambda _logger, _method, entry: {"service": service, **entry},
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=processors,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, structlog.processors.JSONRenderer()],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    handler.addFilter(CountRepeats())
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for chatty in ("alembic", "httpx", "httpcore", "uvicorn.access", "nats"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*processors, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _plain_name(_logger: object, _method: str, entry: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """uvicorn calls the logger of everything that it says `uvicorn.error`: who searches for errors would find each start."""
    return {**entry, "logger": "uvicorn"} if entry.get("logger") == "uvicorn.error" else entry


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger with the module's name."""
    logger: structlog.stdlib.BoundLogger = structlog.get_logger(name)
    return logger
