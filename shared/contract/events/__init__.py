"""The suite's events: the envelope, and one module for each producer; importing this declares every type.

A new type is a class in its producer's module and a handler in whoever listens. Feeds, bus filters, OpenAPI and AsyncAPI follow.
"""

from shared.contract.events import distribution, gauntlet, promotion, trainer
from shared.contract.events.envelope import (
    DATA_MODELS,
    SUBJECT_PREFIX,
    ConfigurationData,
    Event,
    EventData,
    EventType,
    RejectedError,
    Traced,
    schema_name,
)

PRODUCERS = (trainer, gauntlet, promotion, distribution)
"""The modules that declare events. All but the trainer's are services, with a feed to read them from."""

__all__ = [
    "DATA_MODELS",
    "PRODUCERS",
    "SUBJECT_PREFIX",
    "ConfigurationData",
    "Event",
    "EventData",
    "EventType",
    "RejectedError",
    "Traced",
    "schema_name",
]
