"""Structured logs: one JSON object a line on standard error, or a line for people, with the same keys in every service.

A line always has `time`, `level`, `service`, `event`, and what its span is about (traces.py). Bind `configuration`, `digest`,
`evaluation_id` and `node` where known.
"""

from __future__ import annotations

import json
import logging
import sys
from typing import Literal

import structlog

from shared.process.repeated_lines import CountRepeats

LogFormat = Literal["json", "console"]


def configure_logs(service: str, level: str = "INFO", format: LogFormat = "json") -> None:
    """Send this process's logs, and those of the libraries it uses, to standard error."""
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
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _RENDERERS[format]],
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


def _for_people(_logger: object, _method: str, entry: structlog.typing.EventDict) -> str:
    """Time, level, process and event, then everything else; in ASCII on one line, so that nothing in it steers a terminal."""
    first = [entry.pop(name, "") for name in ("time", "level", "service", "event")]
    others = (f"{name}={json.dumps(value, default=str)}" for name, value in entry.items())
    return " ".join([*(json.dumps(str(each))[1:-1] for each in first), *others])


_RENDERERS: dict[LogFormat, structlog.typing.Processor] = {
    "json": structlog.processors.JSONRenderer(),
    "console": _for_people,
}


def _plain_name(_logger: object, _method: str, entry: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """uvicorn calls the logger of everything that it says `uvicorn.error`: who searches for errors would find each start."""
    return {**entry, "logger": "uvicorn"} if entry.get("logger") == "uvicorn.error" else entry


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger with the module's name."""
    logger: structlog.stdlib.BoundLogger = structlog.get_logger(name)
    return logger
